# fhirgate in a container: not root, read-only file system (mount /var/lib/fhirgate for the store and audit).
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY gateway gateway
COPY mappings mappings
COPY profiles profiles
RUN python -m venv /opt/fhirgate && /opt/fhirgate/bin/pip install --no-cache-dir .

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/fhirgate --create-home fhirgate
COPY --from=build /opt/fhirgate /opt/fhirgate
ENV PATH=/opt/fhirgate/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    GATEWAY_CONFIG=/var/lib/fhirgate/gate/gateway.toml
USER fhirgate
WORKDIR /var/lib/fhirgate
VOLUME /var/lib/fhirgate
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/health', timeout=2)"]
CMD ["fhirgate", "serve", "--host", "0.0.0.0", "--port", "8080", "--workers", "2"]
