//! Through `ssvm_tensorflow_interface` 0.1.4.

interfaces::session!(ssvm_tensorflow_interface);
