//! Through `wasmedge_tensorflow_interface` 0.2.2.

interfaces::session!(wasmedge_tensorflow_interface_0_2);
