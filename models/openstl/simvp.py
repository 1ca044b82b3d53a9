"""OpenSTL's SimVP family in our words."""

from collections.abc import Mapping
from typing import Any

from models.openstl.method import Method

__all__ = ["SIMVP"]


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    options = {
        "translator": config.get("model_type", "gSTA").lower(),
        "spatial_width": config.get("hid_S", 16),
        "translator_width": config.get("hid_T", 256),
        "spatial_layers": config.get("N_S", 4),
        "translator_layers": config.get("N_T", 4),
        "drop_path": config.get("drop_path", 0.0),
        "encoder_kernel": config.get("spatio_kernel_enc", 3),
        "decoder_kernel": config.get("spatio_kernel_dec", 3),
        "mlp_ratio": config.get("mlp_ratio", 8.0),
    }
    if options["translator"] in ("incepu", "convmixer"):  # OpenSTL takes both, and uses neither
        del options["drop_path"], options["mlp_ratio"]
    if options["translator"] == "swin":  # OpenSTL's shifted windows join opposite edges
        options["masked_windows"] = False
    return options


_RENAMES = (
    # Encoder and decoder; an upsampling convolution is part 0 of a sequence.
    (r"^enc\.enc\.(\d+)\.conv\.conv\.", r"encoder.blocks.\1.convolution.conv."),
    (r"^dec\.dec\.(\d+)\.conv\.conv\.(?:0\.)?", r"decoder.blocks.\1.convolution.conv."),
    (r"^(enc|dec)\.\1\.(\d+)\.conv\.norm\.", r"\1oder.blocks.\2.norm."),
    (r"^dec\.readout\.", r"decoder.readout."),
    # Translators in a row of blocks.
    (r"^hid\.enc\.(\d+)\.block\.", r"translator.blocks.\1.block."),
    (r"^hid\.enc\.(\d+)\.reduction\.", r"translator.blocks.\1.projection."),
    (r"\.norm1\.", r".attention_norm."),
    (r"\.norm2\.", r".mlp_norm."),
    (r"\.layer_scale_1$", r".attention_scale"),
    (r"\.layer_scale_2$", r".mlp_scale"),
    (r"\.attn\.proj_1\.", r".attention.project_in."),
    (r"\.attn\.proj_2\.", r".attention.project_out."),
    (r"\.attn\.spatial_gating_unit\.conv0\.", r".attention.gate.local.conv."),
    (r"\.attn\.spatial_gating_unit\.conv_spatial\.", r".attention.gate.dilated.conv."),
    (r"\.attn\.spatial_gating_unit\.conv1\.", r".attention.gate.mix."),
    (r"\.attn\.spatial_gating_unit\.fc\.0\.", r".attention.gate.squeeze."),
    (r"\.attn\.spatial_gating_unit\.fc\.2\.", r".attention.gate.expand."),
    (r"\.mlp\.fc1\.", r".mlp.widen."),
    (r"\.mlp\.dwconv\.dwconv\.", r".mlp.depthwise.conv."),
    (r"\.mlp\.fc2\.", r".mlp.narrow."),
    # ViT, Swin and the blocks of UniFormer that attend to all cells.
    (r"\.attn\.qkv\.", r".attention.heads.query_key_value."),
    (r"\.attn\.proj\.", r".attention.heads.project_out."),
    (r"\.attn\.relative_position_bias_table$", r".attention.bias_table"),
    # UniFormer.
    (r"\.pos_embed\.", r".position.conv."),
    (r"\.gamma_1$", r".attention_scale"),
    (r"\.gamma_2$", r".mlp_scale"),
    (r"\.block\.conv1\.", r".block.attention.project_in."),
    (r"\.block\.attn\.(weight|bias)$", r".block.attention.neighbourhood.conv.\1"),
    (r"\.block\.conv2\.", r".block.attention.project_out."),
    # MLP-Mixer.
    (r"\.mlp_tokens\.fc1\.", r".attention.mlp.widen."),
    (r"\.mlp_tokens\.fc2\.", r".attention.mlp.narrow."),
    (r"\.mlp_channels\.fc1\.", r".mlp.widen."),
    (r"\.mlp_channels\.fc2\.", r".mlp.narrow."),
    # ConvMixer and ConvNeXt.
    (r"\.conv_dw\.", r".neighbourhood.conv."),
    (r"\.norm_1\.", r".neighbourhood_norm."),
    (r"\.conv_pw\.", r".mix."),
    (r"\.norm_2\.", r".mix_norm."),
    (r"\.gamma$", r".scale"),
    # HorNet.
    (r"\.gnconv\.dwconv\.", r".attention.neighbourhoods.conv."),
    (r"\.gnconv\.proj_in\.", r".attention.project_in."),
    (r"\.gnconv\.pws\.", r".attention.widenings."),
    (r"\.gnconv\.proj_out\.", r".attention.project_out."),
    (r"\.gamma1$", r".attention_scale"),
    (r"\.gamma2$", r".mlp_scale"),
    (r"\.pwconv1\.", r".mlp.widen."),
    (r"\.pwconv2\.", r".mlp.narrow."),
    # MogaNet.
    (r"\.(attn|mlp)\.sigma$", r".\1.contrast"),
    (r"\.attn\.(contrast|gate\.)", r".attention.\1"),
    (r"\.attn\.value\.DW_conv0\.", r".attention.context.local.conv."),
    (r"\.attn\.value\.DW_conv1\.", r".attention.context.middle.conv."),
    (r"\.attn\.value\.DW_conv2\.", r".attention.context.wide.conv."),
    (r"\.attn\.value\.PW_conv\.", r".attention.context.mix."),
    (r"\.mlp\.dwconv\.(weight|bias)$", r".mlp.depthwise.conv.\1"),
    (r"\.mlp\.decompose\.", r".mlp.summary."),
    # IncepU.
    (r"^hid\.(enc|dec)\.(\d+)\.conv1\.", r"translator.\1oder.\2.reduce."),
    (
        r"^hid\.(enc|dec)\.(\d+)\.layers\.(\d+)\.conv\.",
        r"translator.\1oder.\2.branches.\3.convolution.conv.",
    ),
    (r"^hid\.(enc|dec)\.(\d+)\.layers\.(\d+)\.norm\.", r"translator.\1oder.\2.branches.\3.norm."),
)

SIMVP = Method("simvp", _options, _RENAMES)
