//! Through `wasi-nn` 0.4.0, whose types of tensors have the older numbers.

interfaces::wasi_nn!(wasi_nn_0_4, |builder, arguments| builder.build_from_bytes([arguments.model()]));
