package encoder

import (
	"fmt"
	"slices"
)

// How torchvision names its VisionTransformer and ConvNeXt. Its ResNet has timm's names.

var torchvisionViT = naming{
	of: "torchvision's VisionTransformer", anchor: "encoder.layers.encoder_layer_0.ln_1.weight",
	rename: []rename{
		named("class_token", "cls_token$1"),
		named("conv_proj", "patch_embed.proj$1"),
		named("encoder.pos_embedding", "pos_embed$1"),
		named("encoder.layers.encoder_layer_#.ln_#", "blocks.$1.norm$2$3"),
		named("encoder.layers.encoder_layer_#.self_attention.in_proj_weight", "blocks.$1.attn.qkv.weight$2"),
		named("encoder.layers.encoder_layer_#.self_attention.in_proj_bias", "blocks.$1.attn.qkv.bias$2"),
		named("encoder.layers.encoder_layer_#.self_attention.out_proj", "blocks.$1.attn.proj$2"),
		named("encoder.layers.encoder_layer_#.mlp.0", "blocks.$1.mlp.fc1$2"),
		named("encoder.layers.encoder_layer_#.mlp.3", "blocks.$1.mlp.fc2$2"),
		named("encoder.layers.encoder_layer_#.mlp.linear_#", "blocks.$1.mlp.fc$2$3"), // Its published files have this.
		named("encoder.ln", "norm$1"),
	},
}

var torchvisionConvNeXt = naming{
	of: "torchvision's ConvNeXt", anchor: "features.1.0.layer_scale",
	rename: slices.Concat(
		[]rename{named("features.0.#", "stem.$1$2")},
		torchvisionStage(0), torchvisionStage(1), torchvisionStage(2), torchvisionStage(3),
		[]rename{named("classifier.0", "head.norm$1"), named("classifier.2", "head.fc$1")},
	),
}

// torchvisionStage names a stage, whose blocks are behind the layers that shrink the map, by turns in
// one list.
func torchvisionStage(stage int) []rename {
	blocks, to := fmt.Sprintf("features.%d.#.", 2*stage+1), fmt.Sprintf("stages.%d.blocks.$1.", stage)
	return []rename{
		named(fmt.Sprintf("features.%d.#", 2*stage), fmt.Sprintf("stages.%d.downsample.$1$2", stage)),
		named(blocks+"block.0", to+"conv_dw$2"),
		named(blocks+"block.2", to+"norm$2"),
		named(blocks+"block.3", to+"mlp.fc1$2"),
		named(blocks+"block.5", to+"mlp.fc2$2"),
		named(blocks+"layer_scale", to+"gamma$2"),
	}
}
