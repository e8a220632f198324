use super::*;
use crate::backdrop;

/// A red disc on green; the mask is the disc, blurred.
struct Disc {
    image: Image,
    reduced: Reduced,
    guided: Guided,
    colours: Colours,
}

const WIDTH: usize = 233;
const HEIGHT: usize = 150;
const FACTOR: usize = 4;

/// How far a pixel is inside of the disc; negative outside.
fn inside(x: usize, y: usize) -> f32 {
    40.0 - ((x as f32 - 110.0).powi(2) + (y as f32 - 80.0).powi(2)).sqrt()
}

impl Disc {
    fn new() -> Self {
        let mut rgb = Vec::new();
        for y in 0..HEIGHT {
            for x in 0..WIDTH {
                let share = (inside(x, y) + 0.5).clamp(0.0, 1.0);
                rgb.extend([220.0 * share, 200.0 * (1.0 - share), 30.0].map(|part| part as u8));
            }
        }
        let image = Image::new(WIDTH, HEIGHT, rgb).unwrap();
        let reduced = Reduced::of(&image, &image.whole(), FACTOR);
        let mask: Vec<f32> = (0..reduced.width * reduced.height)
            .map(|at| inside(at % reduced.width * FACTOR, at / reduced.width * FACTOR) / 12.0 + 0.5)
            .map(|value| value.clamp(0.0, 1.0))
            .collect();
        let guided = Guided::of(&reduced, &mask);
        let colours = Colours::of(&reduced, &guided.alpha(&reduced));
        Self { image, reduced, guided, colours }
    }

    fn paint(&self, mut canvas: impl Canvas) -> Vec<u8> {
        let Self { image, reduced, guided, colours } = self;
        paint(&Scene { image, reduced, guided, colours }, &mut canvas)
    }

    fn blurred(&self) -> Vec<u8> {
        let backdrop = backdrop::blurred(&self.reduced, &self.guided.alpha(&self.reduced));
        self.paint(Blurred::new(backdrop, self.reduced.width, FACTOR, WIDTH))
    }
}

#[test]
fn the_disc_is_cut_out_in_its_own_colour() {
    let painted = Disc::new().paint(Transparent);
    assert_eq!(painted.len(), WIDTH * HEIGHT * 4);
    for (at, pixel) in painted.chunks_exact(4).enumerate() {
        let inside = inside(at % WIDTH, at / WIDTH);
        match pixel {
            [0, 0, 0, 0] => assert!(inside < 2.0, "{inside}"),
            [red, green, _, 255] => {
                assert!(inside > -2.0 && *red > 130 && *green < 100, "{inside}: {pixel:?}")
            }
            // Hardly anything of a pixel tells little of its colour.
            [.., ..64] => assert!(inside.abs() < 12.0, "{inside}: {pixel:?}"),
            [red, green, _, _] => {
                assert!(inside.abs() < 12.0 && *red > 130 && *green < 90, "{inside}: {pixel:?}")
            }
            _ => unreachable!(),
        }
    }
}

#[test]
fn all_canvases_show_the_same_alpha() {
    let disc = Disc::new();
    let alpha: Vec<u8> = disc.paint(Transparent).chunks_exact(4).map(|pixel| pixel[3]).collect();
    assert_eq!(disc.paint(Grey), alpha);
    let (coloured, blurred) = (disc.paint(Coloured::new([1, 2, 3])), disc.blurred());
    for (at, alpha) in alpha.iter().enumerate() {
        let pixel = &disc.image.row(at / WIDTH)[at % WIDTH * 3..][..3];
        let (coloured, blurred) = (&coloured[at * 3..][..3], &blurred[at * 3..][..3]);
        match alpha {
            0 => assert!(
                coloured == [1, 2, 3] && blurred[0] < 40 && blurred[1] > 160,
                "{coloured:?}, {blurred:?}"
            ),
            255 => assert_eq!((coloured, blurred), (pixel, pixel)),
            _ => assert!(coloured[1] < 100, "{coloured:?}"),
        }
    }
}

#[test]
fn quick_ways_give_what_slow_ones_give() {
    let disc = Disc::new();
    let Disc { image, reduced, guided, colours } = &disc;
    let scene = Scene { image, reduced, guided, colours };
    let mut slowly = Vec::new();
    let columns = gaps(reduced.width, FACTOR, WIDTH);
    for rows in gaps(reduced.height, FACTOR, HEIGHT) {
        for y in rows.range.clone() {
            let row = Row { scene: &scene, rows: &rows, below: rows.share(y, FACTOR), pixels: image.row(y) };
            columns.iter().for_each(|gap| row.edge(gap, &mut Transparent, &mut slowly));
        }
    }
    assert!(disc.paint(Transparent) == slowly);
}

#[test]
fn gaps_have_each_pixel_once_between_its_neighbours() {
    for (pixels, factor) in [(1_usize, 1), (1, 4), (5, 1), (7, 2), (8, 2), (9, 4), (11, 5), (10, 3)] {
        let gaps = gaps(pixels.div_ceil(factor), factor, pixels);
        let all: Vec<usize> = gaps.iter().flat_map(|gap| gap.range.clone()).collect();
        assert_eq!(all, (0..pixels).collect::<Vec<_>>());
        for gap in gaps.iter().filter(|gap| gap.before != gap.after) {
            for at in gap.range.clone() {
                let share = gap.share(at, factor);
                let middle = gap.before as f32 * factor as f32 + factor as f32 / 2.0 + share * factor as f32;
                assert!(
                    (0.0..1.0).contains(&share) && (middle - at as f32 - 0.5).abs() < 1e-4,
                    "{at}: {share}"
                );
            }
        }
    }
}
