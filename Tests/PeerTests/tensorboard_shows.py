"""What TensorBoard shows of a folder, asked of its HTTP interface.

    tensorboard_shows.py RUN [--fast]

Starts TensorBoard on RUN (with --fast by its data server in Rust, else by its reader in Python), waits until it has read
all, and prints JSON: scalars {tag: [[step, value], ...]}, histograms {tag: [steps]}, images {tag: [[step, width, height]]},
and the rows of the table of hyper-parameters.
"""
import json
import socket
import struct
import subprocess
import sys
import time
import urllib.parse
import urllib.request


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    run, fast = sys.argv[1], "--fast" in sys.argv
    port = free_port()
    root = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", run, "--port", str(port), "--host", "127.0.0.1",
               "--load_fast", "true" if fast else "false", "--samples_per_plugin", "scalars=100000,histograms=1000,images=100"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=sys.stderr)

    def get(path, post=None, **query):
        url = root + "data/" + path + ("?" + urllib.parse.urlencode(query) if query else "")
        data = None if post is None else json.dumps(post).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def size(query):
        with urllib.request.urlopen(root + "data/plugin/images/individualImage?" + query, timeout=30) as answer:
            return struct.unpack(">II", answer.read()[16:24])

    def everything():
        shown = {"scalars": {}, "histograms": {}, "images": {}}
        for name, tags in get("plugin/scalars/tags").items():
            for tag in tags:
                points = get("plugin/scalars/scalars", run=name, tag=tag)
                shown["scalars"][tag] = [[step, value] for _, step, value in points]
        for name, tags in get("plugin/histograms/tags").items():
            for tag in tags:
                shown["histograms"][tag] = [step for _, step, _ in get("plugin/histograms/histograms", run=name, tag=tag)]
        for name, tags in get("plugin/images/tags").items():
            for tag in tags:
                shown["images"][tag] = [
                    [image["step"], *size(image["query"])]
                    for image in get("plugin/images/images", run=name, tag=tag, sample=0)]
        experiment = get("plugin/hparams/experiment", post={"experimentName": ""})
        columns = [info["name"] for info in experiment.get("hparamInfos", [])]
        groups = get("plugin/hparams/session_groups", post={
            "experimentName": "", "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"],
            "colParams": [{"hparam": name} for name in columns]
            + [{"metric": info["name"]} for info in experiment.get("metricInfos", [])],
            "startIndex": 0, "sliceSize": 100})
        shown["hyperParameters"] = [
            {"settings": group.get("hparams", {}), "status": [session.get("status") for session in group["sessions"]],
             "metrics": {value["name"]["tag"]: value.get("value") for value in group.get("metricValues", [])}}
            for group in groups.get("sessionGroups", [])]
        return shown

    try:
        until, before = time.time() + 60, None
        while time.time() < until:
            try:
                now = everything()
            except OSError:
                now = None
            if now and now["scalars"] and now["hyperParameters"] and now == before:
                print(json.dumps(now))
                return 0
            before = now
            time.sleep(1)
        print(f"TensorBoard shows nothing whole of {run}: {before}", file=sys.stderr)
        return 1
    finally:
        server.terminate()
        server.wait()


sys.exit(main())
