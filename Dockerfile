# One image for site, workers and housekeeping; compose.yaml says which part each container is.
FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 parallax
WORKDIR /parallax
COPY requirements.txt requirements-server.txt ./
# torch alone and first: asked for by another package, pip might choose a newer and larger build.
RUN pip install --no-cache-dir "$(grep '^torch==' requirements.txt)" \
    && pip install --no-cache-dir --requirement requirements-server.txt
COPY manage.py ./
COPY xai xai
COPY tasks tasks
COPY templates templates
COPY static static
ENV PARALLAX_DATA=/data PYTHONUNBUFFERED=1
RUN mkdir /data && chown parallax /data
USER parallax
VOLUME /data
ENTRYPOINT ["python", "manage.py"]
CMD ["start"]
