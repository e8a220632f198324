"""Packages for Tencent SCF: dist/layer.zip (the runtime) and dist/scf.zip (the function)."""
