//! Tells the linker where the runtime's libraries are; the worker and the fuzz targets have this build script, too.

mod link;

fn main() {
    link::arguments();
}
