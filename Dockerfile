# Fjord's image: one static binary on nothing.
#
#   docker build -t fjord .                        builds from source (default)
#   make image                                     from bin/fjord, without a network
#
# The stage `prebuilt` comes first because the classic builder builds every
# stage up to the one asked for.

FROM scratch AS base
# The defaults of the image Fjord takes the place of; from source they differ.
ENV FJ_IP=0.0.0.0 \
    FJ_METRICS_IP=0.0.0.0 \
    FJ_DIST_MIN_PORT=9000 \
    FJ_DIST_MAX_PORT=9000 \
    FJ_RESOURCES_BASE_PATH=./fishjam_resources \
    SSL_CERT_FILE=/ca-certificates.crt
COPY compose/rootfs/etc /etc
COPY --chown=10001:10001 compose/rootfs/app /app
COPY --chown=10001:10001 compose/rootfs/tmp /tmp
WORKDIR /app
USER 10001:10001
# REST and sockets, metrics, EPMD, distribution, media
EXPOSE 8080 9568 4369 9000 50000-59999/udp
HEALTHCHECK --interval=2s --start-period=2s --timeout=4s --retries=3 CMD ["/fjord", "health"]
ENTRYPOINT ["/fjord"]
CMD ["serve"]

# From a binary that `make build` made. The patterns take what is there: the classic builder comes
# through here on its way to the last stage, too, where nobody has run make.
FROM base AS prebuilt
COPY LICENSE bin/fjor[d] bin/ca-certificates.cr[t] /

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -tags nomsgpack -ldflags "-s -w -X main.version=$VERSION" -o /fjord ./cmd/fjord

FROM base
ARG FJ_GIT_COMMIT=dev
ENV FJ_GIT_COMMIT=$FJ_GIT_COMMIT
COPY --from=build /src/LICENSE /fjord /etc/ssl/certs/ca-certificates.crt /
