"""Packages: for Tencent SCF dist/layer.zip (the runtime) and dist/scf.zip (the function), for AWS Lambda dist/lambda.zip (both)
and dist/lambda-layer.zip (the runtime alone)."""
