from models.openstl import config_from_openstl

TINY = {"in_shape": [2, 1, 8, 8], "hid_S": 4, "hid_T": 16, "N_S": 2, "N_T": 2}


def test_swin_joins_opposite_edges_as_the_reference_code_does():
    read = config_from_openstl("SimVP", {**TINY, "model_type": "Swin"})
    assert read.options["masked_windows"] is False


def test_convmixer_has_neither_drop_path_nor_mlp():
    given = {**TINY, "model_type": "ConvMixer", "drop_path": 0.1, "mlp_ratio": 4.0}
    read = config_from_openstl("SimVP", given)
    assert not {"drop_path", "mlp_ratio", "masked_windows"} & set(read.options)
    assert read.build().config.translator == "convmixer"
