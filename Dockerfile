# The image: one binary, the three libraries that it names, the authorities that it trusts. No shell, no package manager.
#
#   docker build -t esker .
#   docker buildx build --platform linux/amd64,linux/arm64 -t esker .
#
# The build runs on the machine's own architecture and compiles for the other one: nothing is emulated.
ARG BUILD_IMAGE=rust:1.95-slim-trixie

FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
ARG BUILDARCH
ARG TARGETARCH
ARG CARGO_AUDITABLE_VERSION=0.7.7
SHELL ["/bin/sh", "-euc"]
WORKDIR /src
# cargo-auditable writes the list of crates into the binary, where scanners find it.
RUN case "$TARGETARCH" in amd64) cpu=x86_64 ;; arm64) cpu=aarch64 ;; *) echo "no image for $TARGETARCH" >&2; exit 1 ;; esac; \
    echo "$cpu" >/cpu; \
    packages="binutils ca-certificates gcc libc6-dev"; \
    if [ "$TARGETARCH" != "$BUILDARCH" ]; then \
      dpkg --add-architecture "$TARGETARCH"; \
      packages="$packages gcc-$(echo "$cpu" | tr _ -)-linux-gnu libc6-dev-$TARGETARCH-cross libc6:$TARGETARCH libgcc-s1:$TARGETARCH"; \
    fi; \
    apt-get update; \
    apt-get install --yes --no-install-recommends $packages; \
    rustup target add "$cpu-unknown-linux-gnu"; \
    cargo install cargo-auditable --version "$CARGO_AUDITABLE_VERSION" --locked
ENV CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER=x86_64-linux-gnu-gcc \
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
    CARGO_PROFILE_RELEASE_STRIP=debuginfo
COPY . .
RUN --mount=type=cache,id=esker-registry,target=/usr/local/cargo/registry \
    --mount=type=cache,id=esker-target-$TARGETARCH,target=/src/target \
    target="$(cat /cpu)-unknown-linux-gnu"; \
    cargo auditable build --release --locked --package esker --target "$target"; \
    image/root.sh "target/$target/release/esker" /root-of-image; \
    mkdir /data

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="Esker" \
      org.opencontainers.image.description="A distributed message queue and event log that speaks the Kafka protocol" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}"
COPY --from=build /root-of-image/ /
# Data, and where `esker dev` begins: the only place that is written to. Everything else may be read-only.
COPY --from=build --chown=65532:65532 /data/ /var/lib/esker/
WORKDIR /var/lib/esker
USER 65532:65532
EXPOSE 9092 9094 9095 9096
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/esker"]
CMD ["--help"]
