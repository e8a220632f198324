/* A small handle over libjpeg-turbo's libjpeg API, for libjpeg.rs beside it.
 *
 * TurboJPEG's API tells the first warning and nothing of where it came. This one counts what the decoder found: rows
 * whose data ran out, bytes that belong to nothing, the work done so far. C, because libjpeg leaves a failed call by
 * longjmp, which must not cross Rust. Every function that may be left so sets `escape` first. */

#include <limits.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/* What `struct arithmetic_decoder` repeats is not in the headers: compare it with jdarith.c and jpegint.h first. */
#if LIBJPEG_TURBO_VERSION_NUMBER / 1000 != 3001
#error "written for libjpeg-turbo 3.1"
#endif

/* APP1 has EXIF and XMP, APP2 the colour profile in pieces of 64 KB. */
enum { MAX_APP1 = 8, MAX_APP2 = 32, COMPONENT_LIMIT = 4 };

/* Pixels that a restart counts as, by the time that it takes: one that is there, and one that is looked for. */
enum { RESTART_WORK = 256, LOST_RESTART_WORK = 1024 };

/* Zeros that an arithmetic decoder takes from behind the end of sound data: it reads three bytes ahead, and an encoder
 * leaves out zeros at the end. Each more than that is there by a chance of 1 in 256. */
enum { MAX_ZEROS = 6 };

/* Why a call failed; libjpeg.rs has the same numbers. */
enum failure { OTHER = 1, UNSUPPORTED_PROCESS, UNSUPPORTED_PRECISION, NO_PICTURE, TOO_MUCH_MEMORY, UNSUPPORTED_COLOR,
               TOO_MUCH_WORK, WRONG_CALL };

/* What the header says; libjpeg.rs has the same fields. */
struct vision_header {
  uint32_t width, height;
  uint32_t precision;
  /* 1 grey, 2 RGB, 3 YCbCr, 4 CMYK, 5 YCCK */
  uint32_t space;
  uint32_t lossless;
  uint32_t several_scans;
  /* Of the coefficients (or samples, where lossless) of the whole picture. */
  uint64_t whole_bytes;
};

/* What comes out; libjpeg.rs has the same fields. */
struct vision_output {
  uint32_t width, height;
  uint32_t channels;
  /* Rows and tables that the library holds besides. */
  uint64_t working_bytes;
};

/* What was found of the data; libjpeg.rs has the same fields. */
struct vision_report {
  /* Rows of units (of 8 to 32 rows of pixels). */
  uint32_t rows;
  uint32_t components;
  /* Rows whose data is there, a component each: all of it, or for progressive pictures the coarse part. */
  uint32_t coarse[COMPONENT_LIMIT];
  /* The first details of progressive pictures; else as above. */
  uint32_t fine[COMPONENT_LIMIT];
  /* Something of a later scan is missing. */
  uint32_t details_missing;
  uint32_t bad_codes;
  uint32_t resyncs;
  /* Places where data ran out and went on in the same row. */
  uint32_t gaps;
  /* The most bytes in one place that belong to nothing. */
  uint32_t extraneous;
  /* libjpeg gave up behind data that it had read. */
  uint32_t gave_up;
  uint32_t scans;
  /* Where the data of the first scan starts and where reading ended. */
  uint64_t data_start, data_end;
};

struct segment {
  const uint8_t *bytes;
  uint32_t length;
};

struct vision_jpeg {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  jmp_buf escape;
  char message[JMSG_LENGTH_MAX];
  enum failure failure;
  int parameter;
  const uint8_t *input;
  size_t input_length;
  struct segment app1[MAX_APP1], app2[MAX_APP2];
  uint32_t app1_count, app2_count;
  int in_data, lossless;
  /* This scan: the row where data ran out or -1, and rows before that were lost so. */
  long lost_since;
  uint32_t lost_rows;
  int has_coarse[COMPONENT_LIMIT], has_fine[COMPONENT_LIMIT];
  uint32_t completed_scans;
  uint64_t work, most_work;
  uint32_t restarts;
  void *rows;
  boolean (*fill)(j_decompress_ptr);
  /* For arithmetic-coded data, see `end_before_marker`: where it ends, zeros behind it, and where they began. */
  int ends_before_marker, is_empty, wants_more_zeros;
  const JOCTET *marker;
  uint32_t zeros;
  long first_zero_row;
  int has_empty_coarse[COMPONENT_LIMIT];
  struct vision_report report;
};

/* The start of what libjpeg keeps of an arithmetic decoder. */
struct arithmetic_decoder {
  void (*functions[4])(void);
  boolean insufficient_data;
  /* The code that was read, less the base of the current interval. */
  long code;
};

static const JOCTET END_OF_IMAGE[] = { 0xFF, JPEG_EOI };
static const JOCTET ZERO[] = { 0 };

static void give_up(struct vision_jpeg *self, enum failure failure, int parameter)
{
  self->failure = failure;
  self->parameter = parameter;
  longjmp(self->escape, 1);
}

static void on_error(j_common_ptr common)
{
  struct vision_jpeg *self = common->client_data;
  enum failure failure = OTHER;
  int parameter = common->err->msg_parm.i[0];
  switch (common->err->msg_code) {
  case JERR_SOF_UNSUPPORTED: failure = UNSUPPORTED_PROCESS; break;
  /* Lossless and arithmetic: SOF11. */
  case JERR_ARITH_NOTIMPL: failure = UNSUPPORTED_PROCESS; parameter = 0xCB; break;
  case JERR_BAD_PRECISION: failure = UNSUPPORTED_PRECISION; break;
  case JERR_SOF_NO_SOS: case JERR_NO_IMAGE: case JERR_INPUT_EMPTY: case JERR_SOS_NO_SOF: failure = NO_PICTURE; break;
  case JERR_OUT_OF_MEMORY: case JERR_NO_BACKING_STORE: failure = TOO_MUCH_MEMORY; break;
  case JERR_CONVERSION_NOTIMPL: case JERR_BAD_J_COLORSPACE: case JERR_COMPONENT_COUNT: failure = UNSUPPORTED_COLOR; break;
  }
  (*common->err->format_message)(common, self->message);
  give_up(self, failure, parameter);
}

/* In this row of units. */
static void data_ran_out(struct vision_jpeg *self, long row)
{
  if (self->lost_since < 0 || row < self->lost_since) self->lost_since = row;
}

static void data_goes_on(struct vision_jpeg *self)
{
  long row = (long)self->jpeg.input_iMCU_row;
  if (self->lost_since >= 0 && row > self->lost_since) self->lost_rows += (uint32_t)(row - self->lost_since);
  else if (self->lost_since >= 0) self->report.gaps++;
  self->lost_since = -1;
}

static void add_restart(struct vision_jpeg *self, uint64_t work)
{
  self->restarts++;
  self->work += work;
}

/* Bytes from here to the next marker. */
static size_t bytes_before_marker(const struct jpeg_source_mgr *source)
{
  const JOCTET *bytes = source->next_input_byte;
  size_t length = source->bytes_in_buffer, at = 0;
  while (at + 1 < length && !(bytes[at] == 0xFF && bytes[at + 1] != 0)) at++;
  return at + 1 >= length ? length : at;
}

/* Arithmetic-coded data may be shorter than what the decoder reads of it: at a marker libjpeg goes on with zeros, as many
 * as are wanted, and says nothing. So that they are counted, the data ends before the marker until more is asked for. */
static void end_before_marker(struct vision_jpeg *self)
{
  struct jpeg_source_mgr *source = self->jpeg.src;
  if (!self->jpeg.arith_code) return;
  if (source->next_input_byte < self->input || source->next_input_byte > self->input + self->input_length) return;
  source->bytes_in_buffer = bytes_before_marker(source);
  self->marker = source->next_input_byte + source->bytes_in_buffer;
  self->is_empty = source->bytes_in_buffer == 0;
  self->ends_before_marker = 1;
  self->wants_more_zeros = 0;
  self->zeros = 0;
}

/* Hands out what comes from `next` on, with the marker and all behind it. */
static void go_on_behind_data(struct vision_jpeg *self, const JOCTET *next)
{
  self->ends_before_marker = 0;
  self->jpeg.src->next_input_byte = next;
  self->jpeg.src->bytes_in_buffer = (size_t)(self->input + self->input_length - next);
}

/* Where the code is 0, as behind the last change of a plain picture, zeros without end are the code. */
static boolean on_end_of_buffer(j_decompress_ptr jpeg)
{
  struct vision_jpeg *self = jpeg->client_data;
  if (!self->ends_before_marker) return (*self->fill)(jpeg);
  if (((struct arithmetic_decoder *)(void *)jpeg->entropy)->code != 0) {
    if (self->zeros < MAX_ZEROS) {
      if (self->zeros++ == 0) self->first_zero_row = (long)jpeg->input_iMCU_row;
      jpeg->src->next_input_byte = ZERO;
      jpeg->src->bytes_in_buffer = sizeof(ZERO);
      return TRUE;
    }
    self->wants_more_zeros = 1;
  }
  go_on_behind_data(self, self->marker);
  return jpeg->src->bytes_in_buffer > 0 ? TRUE : (*self->fill)(jpeg);
}

/* Says what of `discarded` bytes was in the picture's file: not the zeros, which then were no part of the code. */
static uint32_t forget_zeros(struct vision_jpeg *self, uint32_t discarded)
{
  uint32_t rest = discarded > self->zeros ? discarded - self->zeros : 0;
  self->wants_more_zeros = 0;
  self->zeros = 0;
  return rest;
}

static void judge_zeros(struct vision_jpeg *self)
{
  if (self->wants_more_zeros) data_ran_out(self, self->first_zero_row);
  self->wants_more_zeros = 0;
}

/* Called for warnings (level below 0) and for what libjpeg does (level 0 and above). */
static void on_message(j_common_ptr common, int level)
{
  struct vision_jpeg *self = common->client_data;
  int code = common->err->msg_code;
  const int *parameters = common->err->msg_parm.i;
  uint32_t discarded = (uint32_t)parameters[0];
  if (!self->in_data) return;
  /* Zeros that were passed over on the way to a restart were not wanted. */
  if (code == JWRN_EXTRANEOUS_DATA) discarded = forget_zeros(self, discarded);
  if (code == JTRC_RST || code == JWRN_MUST_RESYNC) judge_zeros(self);
  if (level >= 0) {
    /* A restart marker where it should be, or one from which libjpeg starts again. */
    if (code == JTRC_RST || (code == JTRC_RECOVERY_ACTION && parameters[1] == 1)) {
      data_goes_on(self);
      end_before_marker(self);
    }
    /* A restart that is not there: nothing is until the next one. */
    if (code == JTRC_RECOVERY_ACTION && parameters[1] == 3) data_ran_out(self, (long)self->jpeg.input_iMCU_row);
    if (code == JTRC_RST) add_restart(self, RESTART_WORK);
    return;
  }
  switch (code) {
  case JWRN_HIT_MARKER: data_ran_out(self, (long)self->jpeg.input_iMCU_row); break;
  case JWRN_ARITH_BAD_CODE: self->report.bad_codes++; data_ran_out(self, (long)self->jpeg.input_iMCU_row); break;
  case JWRN_HUFF_BAD_CODE: self->report.bad_codes++; break;
  case JWRN_MUST_RESYNC:
    self->report.resyncs++;
    add_restart(self, LOST_RESTART_WORK);
    break;
  case JWRN_EXTRANEOUS_DATA:
    if (discarded > self->report.extraneous) self->report.extraneous = discarded;
    break;
  }
}

static void print_nothing(j_common_ptr common) { (void)common; }

/* Remembers where an APP1 or APP2 segment is; the input stays alive as long as the handle reads it. */
static boolean on_segment(j_decompress_ptr jpeg)
{
  struct vision_jpeg *self = jpeg->client_data;
  struct jpeg_source_mgr *source = jpeg->src;
  size_t length = 0, rest;
  int is_app1 = jpeg->unread_marker == JPEG_APP0 + 1;
  struct segment *segments = is_app1 ? self->app1 : self->app2;
  uint32_t *count = is_app1 ? &self->app1_count : &self->app2_count;
  uint32_t most = is_app1 ? MAX_APP1 : MAX_APP2;
  for (int i = 0; i < 2; i++) {
    if (source->bytes_in_buffer == 0 && !(*source->fill_input_buffer)(jpeg)) return FALSE;
    length = length << 8 | *source->next_input_byte++;
    source->bytes_in_buffer--;
  }
  length = length < 2 ? 0 : length - 2;
  rest = length < source->bytes_in_buffer ? length : source->bytes_in_buffer;
  if (!self->in_data && *count < most && source->next_input_byte >= self->input &&
      source->next_input_byte + rest <= self->input + self->input_length) {
    segments[*count].bytes = source->next_input_byte;
    segments[(*count)++].length = (uint32_t)rest;
  }
  if (length > 0) (*source->skip_input_data)(jpeg, (long)length);
  return TRUE;
}

struct vision_jpeg *vision_jpeg_new(void)
{
  struct vision_jpeg *volatile self = calloc(1, sizeof(*self));
  if (!self) return NULL;
  self->jpeg.err = jpeg_std_error(&self->errors);
  self->errors.error_exit = on_error;
  self->errors.emit_message = on_message;
  self->errors.output_message = print_nothing;
  self->jpeg.client_data = self;
  self->lost_since = -1;
  if (setjmp(self->escape)) {
    free(self);
    return NULL;
  }
  /* Keeps err and client_data. */
  jpeg_create_decompress(&self->jpeg);
  jpeg_set_marker_processor(&self->jpeg, JPEG_APP0 + 1, on_segment);
  jpeg_set_marker_processor(&self->jpeg, JPEG_APP0 + 2, on_segment);
  return self;
}

void vision_jpeg_free(struct vision_jpeg *self)
{
  /* Frees and calls nothing else. */
  jpeg_destroy_decompress(&self->jpeg);
  free(self->rows);
  free(self);
}

/* Restarts that were met so far, there or not. */
uint32_t vision_jpeg_restarts(const struct vision_jpeg *self) { return self->restarts; }

enum failure vision_jpeg_failure(const struct vision_jpeg *self, int *parameter, const char **message)
{
  *parameter = self->parameter;
  *message = self->message;
  return self->failure;
}

/* The `index`th segment of APP1 or, where `number` is 2, of APP2. */
uint32_t vision_jpeg_segment(const struct vision_jpeg *self, uint32_t number, uint32_t index, const uint8_t **bytes)
{
  const struct segment *segments = number == 2 ? self->app2 : self->app1;
  if (index >= (number == 2 ? self->app2_count : self->app1_count)) return 0;
  *bytes = segments[index].bytes;
  return segments[index].length;
}

static uint64_t round_up(uint64_t value, uint64_t unit) { return (value + unit - 1) / unit * unit; }

static uint32_t sample_bytes(const struct jpeg_decompress_struct *jpeg) { return jpeg->data_precision > 8 ? 2 : 1; }

int vision_jpeg_header(struct vision_jpeg *self, const uint8_t *input, size_t length, struct vision_header *header)
{
  struct jpeg_decompress_struct *jpeg = &self->jpeg;
  if (setjmp(self->escape)) return -1;
  self->input = input;
  self->input_length = length;
  jpeg_mem_src(jpeg, input, (unsigned long)length);
  self->fill = jpeg->src->fill_input_buffer;
  jpeg->src->fill_input_buffer = on_end_of_buffer;
  if (jpeg_read_header(jpeg, TRUE) != JPEG_HEADER_OK) give_up(self, NO_PICTURE, 0);
  self->in_data = 1;
  /* libjpeg keeps the flag to itself. Before a scale is chosen a unit is 8 samples wide, or one where lossless. */
  self->lossless = jpeg->comp_info[0].DCT_scaled_size == 1;
  memset(header, 0, sizeof(*header));
  header->width = jpeg->image_width;
  header->height = jpeg->image_height;
  header->precision = (uint32_t)jpeg->data_precision;
  header->lossless = (uint32_t)self->lossless;
  header->several_scans = (uint32_t)jpeg_has_multiple_scans(jpeg);
  switch (jpeg->jpeg_color_space) {
  case JCS_GRAYSCALE: header->space = 1; break;
  case JCS_RGB: header->space = 2; break;
  case JCS_YCbCr: header->space = 3; break;
  case JCS_CMYK: header->space = 4; break;
  case JCS_YCCK: header->space = 5; break;
  default: give_up(self, UNSUPPORTED_COLOR, jpeg->num_components);
  }
  for (int i = 0; i < jpeg->num_components; i++) {
    const jpeg_component_info *component = &jpeg->comp_info[i];
    uint64_t across = round_up(component->width_in_blocks, (uint64_t)component->h_samp_factor);
    uint64_t down = round_up(component->height_in_blocks, (uint64_t)component->v_samp_factor);
    header->whole_bytes += across * down * (header->lossless ? sample_bytes(jpeg) : sizeof(JBLOCK));
  }
  return 0;
}

/* Chooses 1/`denominator` of the size, which libjpeg may not give, and says what comes out. */
int vision_jpeg_scale(struct vision_jpeg *self, uint32_t denominator, struct vision_output *output)
{
  struct jpeg_decompress_struct *jpeg = &self->jpeg;
  if (setjmp(self->escape)) return -1;
  jpeg->scale_num = 1;
  jpeg->scale_denom = denominator;
  /* A lossless picture comes out in its own colours only. */
  if (self->lossless) jpeg->out_color_space = jpeg->jpeg_color_space;
  else if (jpeg->num_components == 4) jpeg->out_color_space = JCS_CMYK;
  else jpeg->out_color_space = JCS_EXT_RGB;
  jpeg_calc_output_dimensions(jpeg);
  output->width = jpeg->output_width;
  output->height = jpeg->output_height;
  output->channels = (uint32_t)jpeg->output_components;
  /* Of each component: rows of one unit as they are decoded, those above and below for context, those spread. */
  output->working_bytes = (uint64_t)jpeg->num_components * round_up(jpeg->output_width, 64) *
    (uint64_t)(jpeg->max_v_samp_factor * jpeg->min_DCT_scaled_size) * sample_bytes(jpeg) * 4 +
    (self->lossless ? (uint64_t)jpeg->num_components * jpeg->image_width * 32 : 0) + (1 << 18);
  return 0;
}

static void begin_scan(struct vision_jpeg *self)
{
  self->lost_since = -1;
  self->lost_rows = 0;
  self->is_empty = 0;
  end_before_marker(self);
}

static void end_scan(struct vision_jpeg *self)
{
  struct jpeg_decompress_struct *jpeg = &self->jpeg;
  struct vision_report *report = &self->report;
  uint32_t there;
  int is_empty = self->is_empty && !jpeg->restart_interval;
  if (self->ends_before_marker) go_on_behind_data(self, self->zeros ? self->marker : jpeg->src->next_input_byte);
  judge_zeros(self);
  data_goes_on(self);
  there = report->rows - (self->lost_rows < report->rows ? self->lost_rows : report->rows);
  for (int i = 0; i < jpeg->comps_in_scan; i++) {
    int index = jpeg->cur_comp_info[i]->component_index;
    if (index >= COMPONENT_LIMIT) continue;
    if (!jpeg->progressive_mode && !self->has_coarse[index]) {
      report->coarse[index] = report->fine[index] = there;
      self->has_coarse[index] = self->has_fine[index] = 1;
    } else if (jpeg->progressive_mode && jpeg->Ss == 0 && jpeg->Ah == 0 && !self->has_coarse[index]) {
      report->coarse[index] = there;
      self->has_coarse[index] = 1;
      self->has_empty_coarse[index] = is_empty;
    } else if (jpeg->progressive_mode && jpeg->Ss != 0 && jpeg->Ah == 0 && !self->has_fine[index]) {
      report->fine[index] = there;
      self->has_fine[index] = 1;
    } else if (there < report->rows) {
      report->details_missing = 1;
    }
  }
  self->completed_scans = (uint32_t)jpeg->input_scan_number;
}

/* Adds what a row of units costs: its pixels, in the largest component that this scan has. */
static void add_work(struct vision_jpeg *self)
{
  struct jpeg_decompress_struct *jpeg = &self->jpeg;
  uint64_t most = 0, unit = self->lossless ? 1 : DCTSIZE2;
  for (int i = 0; i < jpeg->comps_in_scan; i++) {
    const jpeg_component_info *component = jpeg->cur_comp_info[i];
    uint64_t pixels = (uint64_t)component->width_in_blocks * (uint64_t)component->v_samp_factor * unit;
    if (pixels > most) most = pixels;
  }
  self->work += most;
  if (self->work > self->most_work) give_up(self, TOO_MUCH_WORK, jpeg->input_scan_number);
}

/* Takes in all scans. */
static void read_scans(struct vision_jpeg *self)
{
  begin_scan(self);
  for (;;) {
    switch (jpeg_consume_input(&self->jpeg)) {
    case JPEG_REACHED_EOI: return;
    case JPEG_REACHED_SOS: begin_scan(self); break;
    case JPEG_ROW_COMPLETED: add_work(self); break;
    case JPEG_SCAN_COMPLETED: add_work(self); end_scan(self); break;
    default: give_up(self, WRONG_CALL, 0);
    }
  }
}

/* Starts decoding within so many bytes and so many pixels in all scans together. */
int vision_jpeg_start(struct vision_jpeg *self, uint64_t most_bytes, uint64_t most_work)
{
  struct jpeg_decompress_struct *jpeg = &self->jpeg;
  struct vision_report *report = &self->report;
  if (setjmp(self->escape)) {
    /* What was read whole counts, whatever comes behind it. */
    if (!self->completed_scans || self->failure == TOO_MUCH_WORK || report->gave_up) return -1;
    report->gave_up = 1;
    if (setjmp(self->escape)) return -1;
    jpeg->unread_marker = 0;
    self->ends_before_marker = 0;
    jpeg->src->next_input_byte = END_OF_IMAGE;
    jpeg->src->bytes_in_buffer = sizeof(END_OF_IMAGE);
    if (jpeg_consume_input(jpeg) != JPEG_REACHED_EOI) return -1;
  } else {
    self->most_work = most_work;
    jpeg->mem->max_memory_to_use = most_bytes > LONG_MAX ? LONG_MAX : (long)most_bytes;
    jpeg->dct_method = JDCT_ISLOW;
    jpeg->buffered_image = jpeg_has_multiple_scans(jpeg);
    report->rows = jpeg->total_iMCU_rows;
    report->components = (uint32_t)jpeg->num_components;
    report->data_start = (uint64_t)(jpeg->src->next_input_byte - self->input);
    if (!jpeg_start_decompress(jpeg)) give_up(self, WRONG_CALL, 0);
    begin_scan(self);
    if (jpeg->buffered_image) read_scans(self);
  }
  if (jpeg->buffered_image) {
    if (setjmp(self->escape)) return -1;
    if (!jpeg_start_output(jpeg, (int)self->completed_scans)) return -1;
  }
  return 0;
}

/* Samples of up to 16 bits as bytes. */
static void to_bytes(const uint16_t *samples, uint8_t *out, size_t count, int precision)
{
  for (size_t i = 0; i < count; i++) {
    uint32_t sample = samples[i] >> (precision - 8);
    out[i] = sample > 255 ? 255 : (uint8_t)sample;
  }
}

/* The next row of pixels, as bytes. */
int vision_jpeg_row(struct vision_jpeg *self, uint8_t *out, size_t length)
{
  struct jpeg_decompress_struct *jpeg = &self->jpeg;
  size_t count = (size_t)jpeg->output_width * (size_t)jpeg->output_components;
  int precision = jpeg->data_precision;
  JSAMPROW row = out;
  if (length < count) {
    self->failure = WRONG_CALL;
    return -1;
  }
  if (setjmp(self->escape)) return -1;
  if (precision <= 8) {
    if (jpeg_read_scanlines(jpeg, &row, 1) != 1) give_up(self, WRONG_CALL, 0);
    if (precision < 8) {
      unsigned most = (1u << precision) - 1;
      for (size_t i = 0; i < count; i++) out[i] = (uint8_t)((out[i] > most ? most : out[i]) * 255 / most);
    }
    return 0;
  }
  if (!self->rows && !(self->rows = malloc(count * sizeof(uint16_t)))) give_up(self, TOO_MUCH_MEMORY, 0);
  if (precision <= 12) {
    J12SAMPROW samples = self->rows;
    if (jpeg12_read_scanlines(jpeg, &samples, 1) != 1) give_up(self, WRONG_CALL, 0);
  } else {
    J16SAMPROW samples = self->rows;
    if (jpeg16_read_scanlines(jpeg, &samples, 1) != 1) give_up(self, WRONG_CALL, 0);
  }
  to_bytes(self->rows, out, count, precision);
  return 0;
}

/* The next rows of pixels, for pictures of 8 bits. */
int vision_jpeg_rows(struct vision_jpeg *self, uint8_t *out, size_t length, uint32_t rows)
{
  struct jpeg_decompress_struct *jpeg = &self->jpeg;
  size_t count = (size_t)jpeg->output_width * (size_t)jpeg->output_components;
  JSAMPROW pointers[64];
  volatile uint32_t done = 0;
  if (jpeg->data_precision != 8 || length / count < rows) {
    self->failure = WRONG_CALL;
    return -1;
  }
  if (setjmp(self->escape)) return -1;
  while (done < rows) {
    uint32_t first = done, most = rows - first < 64 ? rows - first : 64;
    for (uint32_t i = 0; i < most; i++) pointers[i] = out + (first + i) * count;
    /* One or two rows come of a call. */
    while (done - first < most) {
      JDIMENSION read = jpeg_read_scanlines(jpeg, pointers + (done - first), most - (done - first));
      if (read == 0) give_up(self, WRONG_CALL, 0);
      done += read;
    }
  }
  return 0;
}

/* What was found, once all rows have been read. */
void vision_jpeg_report(struct vision_jpeg *self, struct vision_report *report)
{
  struct jpeg_decompress_struct *jpeg = &self->jpeg;
  const JOCTET *next;
  int in_input;
  if (!jpeg->buffered_image) end_scan(self);
  next = jpeg->src->next_input_byte;
  in_input = next >= self->input && next <= self->input + self->input_length;
  if (!jpeg->buffered_image) {
    uint32_t rest;
    rest = in_input && jpeg->unread_marker == 0 ? (uint32_t)bytes_before_marker(jpeg->src) : 0;
    if (rest > self->report.extraneous) self->report.extraneous = rest;
    self->report.data_end = in_input ? (uint64_t)(next - self->input) + rest : self->input_length;
  } else {
    /* Which bits are known, by libjpeg's own account. */
    if (jpeg->progressive_mode && jpeg->coef_bits)
      for (int i = 0; i < jpeg->num_components * DCTSIZE2; i++)
        if (jpeg->coef_bits[i / DCTSIZE2][i % DCTSIZE2] != 0) self->report.details_missing = 1;
    self->report.data_end = in_input ? (uint64_t)(next - self->input) : self->input_length;
  }
  /* No data at all is how a picture of plain grey begins; one of which nothing else is there begins so, too. */
  for (int i = 0; i < COMPONENT_LIMIT; i++)
    if (self->has_empty_coarse[i] && self->report.fine[i] == 0) self->report.coarse[i] = 0;
  self->report.scans = (uint32_t)jpeg->input_scan_number;
  *report = self->report;
}
