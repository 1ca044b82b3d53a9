import pytest

from stforecast.experiment import Experiment, as_tree, load_experiment, save_experiment


def test_an_experiment_is_written_and_read_back_unchanged(tmp_path):
    experiment = load_experiment(
        base={"dataset": "weatherbench", "network": {"name": "simvp", "translator": "tau"}},
        settings=[
            "variables=t2m,z500",
            "time_step=6h",
            "split.gap=0",
            "training.gradient_clip=1.5",
        ],
    )
    save_experiment(experiment, tmp_path / "experiment.toml")
    assert load_experiment(tmp_path / "experiment.toml") == experiment


def test_later_ones_win_over_file_and_base(tmp_path):
    file = tmp_path / "e.toml"
    file.write_text('history = 8\nhorizon = 4\n[network]\nname = "simvp"\nspatial_width = 16\n')
    experiment = load_experiment(
        file,
        base={"dataset": "weatherbench", "history": 12, "network": {"drop_path": 0.1}},
        settings=["horizon=6"],
    )
    assert (experiment.history, experiment.horizon) == (8, 6)
    assert experiment.network.options() == {"spatial_width": 16, "drop_path": 0.1}


@pytest.mark.parametrize(
    ("setting", "key", "value"),
    [
        ("history=8", "history", 8),
        ("training.learning_rate=5e-3", "training.learning_rate", 0.005),
        ("training.area_weights=true", "training.area_weights", True),
        ("split.test=2017/2018", "split.test", "2017/2018"),
        ("split.test=2016", "split.test", "2016"),
        ("network.translator=incepu", "network.translator", "incepu"),
        ('variables=["t2m", "z500"]', "variables", ["t2m", "z500"]),
        ("variables=t2m", "variables", ["t2m"]),
    ],
)
def test_settings_are_read_as_toml_or_as_text(setting, key, value):
    split = {"train": "2010/2015", "validation": "2016-01", "test": "2017"}
    tree = as_tree(load_experiment(base={"dataset": "w", "split": split}, settings=[setting]))
    for part in key.split("."):
        tree = tree[part]
    assert tree == value


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("hitsory=8", r"hitsory is no key of an experiment; known: dataset, data, variables"),
        ("training.epoch=8", r"training.epoch is no key .* known: epochs, batch_size"),
        ("history=0", r"history = 0: Input should be greater than or equal to 1"),
        ("time_step=6 hours", r"time_step = '6 hours': .* write it like 30min"),
        ("time_step=30", r"time_step = 30: .* write it like 30min"),
        ("resample=nearest", r"resample = 'nearest': it needs the step .*: set time_step"),
        ("resample=cubic", r"resample = 'cubic': .*'none', 'nearest', 'linear' or 'mean'"),
        ("missing=fill", r"missing = 'fill': .*'drop' or 'mask'"),
        ("split.train=0.9", r"split = .*add up to 1.2"),
        ("training.schedule=linear", r"training.schedule = 'linear': .*'cosine'"),
        ("history", r"--set takes key=value"),
    ],
)
def test_a_wrong_setting_is_named_with_the_way_out(setting, message):
    with pytest.raises(ValueError, match=message):
        load_experiment(base={"dataset": "weatherbench"}, settings=[setting])


def test_a_rule_of_resampling_goes_with_a_time_step_wherever_that_is_said():
    base = {"dataset": "weatherbench", "resample": "mean"}
    assert load_experiment(base=base, settings=["time_step=1d"]).resample == "mean"
    with pytest.raises(ValueError, match=r"time_step = '1 day'") as refused:
        load_experiment(base=base, settings=["time_step=1 day"])
    assert "resample" not in str(refused.value)


def test_a_missing_dataset_is_named():
    with pytest.raises(ValueError, match="dataset is missing"):
        load_experiment(base={})


def test_a_file_that_is_no_toml_is_named(tmp_path):
    (tmp_path / "e.toml").write_text("history: 8")
    with pytest.raises(ValueError, match=r"e.toml cannot be read"):
        load_experiment(tmp_path / "e.toml")
    with pytest.raises(ValueError, match=r"absent.toml cannot be read: .*No such file"):
        load_experiment(tmp_path / "absent.toml")


def test_an_experiment_can_be_built_in_python():
    experiment = Experiment(dataset="weatherbench", variables=("t2m",), history=4, horizon=4)
    assert experiment.training.epochs == 50
    assert experiment.split.train == 0.7
