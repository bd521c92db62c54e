# The site as an image: nothing but Python, the locked packages and this project; no shell tricks, no root, nothing written.
#
#   docker build --tag lbp-evidence-catalog .
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges \
#     --tmpfs /tmp:noexec,nosuid,size=256m --volume "$PWD/data:/data:ro" --publish 127.0.0.1:8001:8001 lbp-evidence-catalog
#
# The folder is mounted, not the file: a build puts a new file in its place, and a mounted file would stay the old one.
# To bake the catalog in: deploy/Dockerfile.baked.
#
# The base by its tag, which gets Debian's and Python's fixes with each build. For an image that is the same whenever it is
# built, put the digest behind it: python:3.12-slim-bookworm@sha256:... (`docker buildx imagetools inspect` tells it), and
# renew it on purpose.
ARG PYTHON=python:3.12-slim-bookworm

FROM ${PYTHON} AS build
WORKDIR /src
# Without pip inside: the site installs nothing.
RUN ["python", "-m", "venv", "--without-pip", "/opt/catalog"]
COPY requirements.lock ./
RUN ["python", "-m", "pip", "--python", "/opt/catalog/bin/python", "install", "--no-cache-dir", "--require-hashes", "--only-binary", ":all:", "--requirement", "requirements.lock"]
COPY pyproject.toml README.md LICENSE metadata.yml ./
COPY harvest harvest
COPY catalog catalog
RUN ["python", "-m", "pip", "--python", "/opt/catalog/bin/python", "install", "--no-cache-dir", "--no-deps", "--no-build-isolation", "."]

FROM ${PYTHON} AS serve
LABEL org.opencontainers.image.title="Low Back Pain Evidence Catalog" \
      org.opencontainers.image.description="PubMed records on injections for low back pain, each tagged by study design and level of evidence" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.documentation="docs/publishing.md"
COPY --from=build /opt/catalog /opt/catalog
# SQLite sorts what is large in a file without a name. Where /tmp cannot be written, SQL that sorts so much is refused, and
# nothing else; a small tmpfs there also bounds it.
ENV PATH=/opt/catalog/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SQLITE_TMPDIR=/tmp \
    CATALOG_DB=/data/catalog.db \
    CATALOG_HOST=0.0.0.0 \
    CATALOG_PORT=8001 \
    CATALOG_LOG=json
WORKDIR /data
# By number, so that a host may check that it is not root (Kubernetes' runAsNonRoot does).
USER 10001:10001
EXPOSE 8001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["/opt/catalog/bin/python", "-m", "catalog.serving.probe"]
ENTRYPOINT ["/opt/catalog/bin/catalog"]
CMD ["serve"]
