"""TF_CONFIG, and each worker's share of a batch, without other processes."""

import json
import os
import re
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest
from support.project import ROOT

from nnrun.errors import ConfigError
from nnrun.training.distributed.cluster import EXAMPLE, Cluster, read_cluster

HOSTS = ["a:1", "b:1", "c:1"]
ALL = tuple(HOSTS)


def set_config(monkeypatch, cluster, task):
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": task}))


@pytest.mark.parametrize(
    ("cluster", "task", "expected"),
    [
        ({"worker": HOSTS}, {"type": "worker", "index": 0}, Cluster(3, 0, ALL)),
        ({"worker": HOSTS}, {"type": "worker", "index": 2}, Cluster(3, 2, ALL)),
        ({"worker": HOSTS}, {"type": "worker", "index": "1"}, Cluster(3, 1, ALL)),
        (
            {"chief": HOSTS[:1], "worker": HOSTS[1:]},
            {"type": "chief", "index": 0},
            Cluster(3, 0, ALL),
        ),
        (
            {"chief": HOSTS[:1], "worker": HOSTS[1:]},
            {"type": "worker", "index": 0},
            Cluster(3, 1, ALL),
        ),
        ({"worker": HOSTS[:1]}, {"type": "worker", "index": 0}, Cluster(1, 0)),
        ({}, {}, Cluster(1, 0)),
    ],
    ids=[
        "the first worker",
        "the last worker",
        "an index as text",
        "a chief",
        "the first worker beside a chief",
        "a worker alone",
        "no cluster",
    ],
)
def test_the_first_task_is_the_chief(monkeypatch, cluster, task, expected):
    set_config(monkeypatch, cluster, task)
    assert read_cluster("auto") == read_cluster("multiworker") == expected
    assert read_cluster("none") == read_cluster("mirrored") == Cluster(1, 0)
    assert expected.is_chief == (expected.index == 0)


def test_without_tf_config_there_is_one_worker(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert read_cluster("auto") == Cluster(1, 0)
    with pytest.raises(
        ConfigError, match="TF_CONFIG: is not set, and --distribute multiworker needs it"
    ):
        read_cluster("multiworker")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "the whole value: Invalid JSON"),
        ("[]", "the whole value: Input should be an object"),
        ('{"cluster": {"worker": []}}', "cluster.worker: List should have at least 1 item"),
        ('{"cluster": {"worker": "a:1"}}', "cluster.worker: Input should be a valid"),
        (
            '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"index": -1}}',
            "task.index: Input should be greater",
        ),
        (
            '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"index": 2}}',
            "says that this is worker 2",
        ),
        (
            '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "chief"}}',
            "says that this is chief 0",
        ),
        (
            '{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}}',
            "names 'ps', and nnrun has only workers",
        ),
        ('{"cluster": {"worker": ["a:1", "b"]}}', "'b' is not an address; an address is host:port"),
        (
            '{"cluster": {"worker": ["a:1", "b:99999"]}}',
            "'b:99999' is not an address; an address is host:port",
        ),
        ('{"cluster": {"worker": ["a:1", "a:1"]}}', "names an address twice"),
    ],
)
def test_a_wrong_tf_config_is_told_with_what_a_right_one_is(
    monkeypatch, nnrun, project, text, message
):
    monkeypatch.setenv("TF_CONFIG", text)
    done = nnrun("train", project.config(), "-o", "run")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("TF_CONFIG: ")
    assert message in done.err
    assert EXAMPLE in done.err
    assert not (project.folder / "run").exists()


@pytest.mark.parametrize("workers", [1, 2, 3, 5])
@pytest.mark.parametrize("rows", [1, 4, 8, 9, 31])
def test_every_row_of_every_batch_is_one_workers(workers, rows):
    from nnrun.training.distributed.team import Team

    order, size = np.random.default_rng(0).permutation(rows).astype(np.int32), 4
    strategy = SimpleNamespace(num_replicas_in_sync=workers)
    shares = [
        Team(strategy, Cluster(workers, i)).share(order, size).tolist() for i in range(workers)
    ]
    for batch in (order[start : start + size].tolist() for start in range(0, rows, size)):
        taken = [
            [share.pop(0) for _ in range(sum(row in batch for row in share))] for share in shares
        ]
        assert [row for rows_of_one in taken for row in rows_of_one] == batch
        assert max(map(len, taken)) - min(map(len, taken)) <= 1
    assert shares == [[]] * workers


def test_a_worker_reads_its_own_rows_of_a_table_in_files(project):
    from nnrun.training.batches import RowBlocks
    from nnrun.training.distributed.team import Team

    loaded = project.dataset({"data.in_memory": False, "data.validation_split": 0})
    strategy, read = SimpleNamespace(num_replicas_in_sync=3), []
    for i in range(3):
        [(tensors, rows)] = RowBlocks(
            loaded.arrays(loaded.train), 7, Team(strategy, Cluster(3, i))
        ).in_order()
        assert rows == 60
        read.append(tensors[0].numpy())
    assert sum(map(len, read)) == 60
    assert {tuple(row) for part in read for row in part} == {tuple(row) for row in loaded.train.x}


def test_auto_takes_every_gpu(monkeypatch):
    from nnrun.training.distributed import team

    gpus = [SimpleNamespace(name=f"GPU:{i}") for i in range(2)]
    monkeypatch.setattr(team.tf.config, "list_logical_devices", lambda kind: gpus * (kind == "GPU"))
    monkeypatch.setattr(
        team, "_mirrored", lambda *names: SimpleNamespace(num_replicas_in_sync=len(names))
    )
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert [team.join(how).count for how in ("auto", "mirrored", "none")] == [2, 2, 1]
    set_config(monkeypatch, {"worker": HOSTS[:1]}, {"type": "worker", "index": 0})
    assert [team.join(how).count for how in ("auto", "multiworker")] == [2, 2]
    gpus.pop()
    assert team.join("auto") is team.ALONE


PAGE = (ROOT / "docs" / "machines.md").read_text(encoding="utf-8")
STAND_INS = {  # what Slurm and nnrun are to the script
    "scontrol": "printf 'node7\\nnode9\\n'",
    "srun": 'for SLURM_PROCID in 0 1; do export SLURM_PROCID; "$@"; done',
    "nnrun": 'echo "$TF_CONFIG"',
}


def test_the_documented_slurm_script_sets_tf_config_on_every_worker(tmp_path, monkeypatch):
    for name, body in STAND_INS.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{body}\n")
        (tmp_path / name).chmod(0o755)
    script = re.search(r"```bash\n(#!/bin/bash\n#SBATCH.+?)```", PAGE, re.DOTALL)[1]
    environment = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "SLURM_JOB_NODELIST": "node[7,9]",
    }
    done = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    texts = done.stdout.splitlines()
    assert json.loads(texts[0])["cluster"] == {"worker": ["node7:12345", "node9:12345"]}
    for i, text in enumerate(texts):
        monkeypatch.setenv("TF_CONFIG", text)
        cluster = read_cluster("auto")
        assert (cluster.workers, cluster.index) == (2, i)
    assert len(texts) == 2


def test_the_documented_tf_configs_are_right(monkeypatch):
    texts = re.findall(r"^export TF_CONFIG='(.+)'$", PAGE, re.MULTILINE)
    for i, text in enumerate(texts):
        monkeypatch.setenv("TF_CONFIG", text)
        cluster = read_cluster("auto")
        assert (cluster.workers, cluster.index) == (2, i)
    assert len(texts) == 2
