# `vision serve` in a container, from the packages for Tencent SCF:
#     make package && docker build --tag wasm-vision .
FROM debian:bookworm-slim AS packages
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends unzip \
    && rm -rf /var/lib/apt/lists/*
COPY dist/layer.zip dist/scf.zip /packages/
RUN unzip -q /packages/layer.zip -d /opt && unzip -q /packages/scf.zip -d /function

FROM debian:bookworm-slim
COPY --from=packages /opt/vision /opt/vision
COPY --from=packages /function /function
# nobody:nogroup
USER 65534:65534
EXPOSE 9000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9000 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q ' 200 ' <&3"]
# Listens on 0.0.0.0:9000. Everything else is set by VISION_… variables: see `vision serve --help`.
ENTRYPOINT ["/function/scf_bootstrap"]
