//! The function: an event on standard input, its thumbnails on standard output.

fn main() -> std::process::ExitCode {
    kit::run_as(thumbnail::NAME, thumbnail::thumbnail)
}
