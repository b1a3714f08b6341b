# One image for both processes; the word behind it says which:
#   docker build -t endpoint-bot .
#   docker run … endpoint-bot bot          docker run … endpoint-bot workers          docker run … endpoint-bot bot status
# docs/install.md has the whole command lines.
FROM python:3.11-slim

# The dependencies change less often than the code. Every one is pinned by its hash.
COPY requirements/run.txt /opt/run.txt
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r /opt/run.txt

# Change windows need the time zones, which the base image brings with Debian's tzdata. If it stops to, the build says so.
RUN python -c "import zoneinfo; zoneinfo.ZoneInfo('Europe/Berlin')"

RUN useradd --uid 10001 --create-home endpoint-bot
WORKDIR /app
COPY bot bot
COPY workers workers
USER endpoint-bot

# In the container both processes answer /healthz and /metrics on port 3000: the bot as PORT, the workers as METRICS_PORT.
ENV PYTHONUNBUFFERED=1 PORT=3000 METRICS_PORT=3000 MPLCONFIGDIR=/home/endpoint-bot/matplotlib
EXPOSE 3000

# matplotlib looks through all fonts once; done here, the first chart does not wait for it.
RUN python -c "import matplotlib.font_manager"

HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 3000, timeout=3); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m"]
CMD ["bot"]
