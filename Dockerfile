# The hub as one image: scheduler, results pages, backup programs. It holds no setting and no secret.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PROJECT88_HOME=/var/lib/project88 \
    PATH=/opt/project88/.venv/bin:$PATH

RUN groupadd --system --gid 10088 project88 \
    && useradd --system --uid 10088 --gid project88 --home-dir /var/lib/project88 --create-home project88

WORKDIR /opt/project88

# The libraries change more rarely than the program.
COPY requirements.lock ./
RUN python -m venv .venv \
    && .venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary=:all: -r requirements.lock

COPY . ./
RUN .venv/bin/python scripts/link_checkout.py

# By number: so that an orchestrator sees that it is not root.
USER 10088:10088
VOLUME ["/var/lib/project88"]

# Degraded (1) is not ill; unhealthy (2) and what cannot be asked are. The entry point brings the password.
HEALTHCHECK --interval=60s --timeout=30s --start-period=120s --retries=3 \
    CMD ["/bin/sh", "-c", "deploy/entrypoint.sh monitor --quiet; [ $? -le 1 ]"]

STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/project88/deploy/entrypoint.sh"]
CMD ["schedule", "--with-worker"]
