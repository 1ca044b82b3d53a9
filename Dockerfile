# Batch jobs and everything else that the command line does, in one image:
#   docker build --tag stforecast .
#   docker run --rm --volume /data/jobs:/data/jobs stforecast batch run /data/jobs/job.toml
#   docker run --rm --volume /data/jobs:/data/jobs --publish 8501:8501 stforecast \
#       app --runs /data/jobs --host 0.0.0.0 --no-browser
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    MPLBACKEND=agg

# The largest package first and from its own index: wheels without CUDA, which are a tenth of the size.
# For GPUs: docker build --build-arg TORCH_INDEX=https://pypi.org/simple .
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /opt/stforecast
COPY constraints.txt ./
RUN pip install --constraint constraints.txt --extra-index-url https://pypi.org/simple \
    --index-url "${TORCH_INDEX}" torch

COPY pyproject.toml README.md LICENSE ./
COPY models models
COPY pipelines pipelines
COPY stforecast stforecast
COPY app app
RUN pip install --constraint constraints.txt .

# Nobody's files are written as root; a mounted folder must be writable for this user.
RUN useradd --create-home --uid 1000 stforecast \
    && install --directory --owner stforecast /data
USER stforecast
ENV STFORECAST_DATA=/data STFORECAST_CACHE=/home/stforecast/.cache/stforecast
WORKDIR /data
EXPOSE 8501

# No shell in between: SIGTERM reaches the program, which finishes its pass and hands back the rest.
ENTRYPOINT ["stforecast"]
CMD ["--help"]
