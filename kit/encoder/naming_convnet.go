package encoder

import "slices"

// How the convolutional networks of transformers (ResNetModel, ConvNextModel, DINOv3ConvNextModel) and
// of facebookresearch (ConvNeXt) are named.

// stageOf names transformers' stages, which count from 0, as timm's layers of a ResNet, which count
// from 1: there is a rename for each.
func stageOf(rest string, to string) []rename {
	var all []rename
	for _, stage := range []string{"0", "1", "2", "3"} {
		all = append(all, named("encoder.stages."+stage+".layers.#."+rest, "layer"+string(stage[0]+1)+".$1."+to))
	}
	return all
}

var transformersResNet = naming{
	of: "transformers' ResNet", anchor: "embedder.embedder.convolution.weight",
	rename: slices.Concat(
		[]rename{named("embedder.embedder.convolution", "conv1$1"), named("embedder.embedder.normalization", "bn1$1")},
		stageOf("shortcut.convolution", "downsample.0$2"), stageOf("shortcut.normalization", "downsample.1$2"),
		stageOf("layer.0.convolution", "conv1$2"), stageOf("layer.0.normalization", "bn1$2"),
		stageOf("layer.1.convolution", "conv2$2"), stageOf("layer.1.normalization", "bn2$2"),
		stageOf("layer.2.convolution", "conv3$2"), stageOf("layer.2.normalization", "bn3$2"),
	),
}

var transformersConvNeXt = naming{
	of: "transformers' ConvNext", anchor: "encoder.stages.0.layers.0.dwconv.weight",
	rename: []rename{
		named("embeddings.patch_embeddings", "stem.0$1"),
		named("embeddings.layernorm", "stem.1$1"),
		named("encoder.stages.#.downsampling_layer.#", "stages.$1.downsample.$2$3"),
		named("encoder.stages.#.layers.#.dwconv", "stages.$1.blocks.$2.conv_dw$3"),
		named("encoder.stages.#.layers.#.layernorm", "stages.$1.blocks.$2.norm$3"),
		named("encoder.stages.#.layers.#.pwconv#", "stages.$1.blocks.$2.mlp.fc$3$4"),
		named("encoder.stages.#.layers.#.layer_scale_parameter", "stages.$1.blocks.$2.gamma$3"),
		named("layernorm", "head.norm$1"),
	},
}

var transformersDINOv3ConvNeXt = naming{
	of: "transformers' DINOv3ConvNext", anchor: "stages.0.downsample_layers.0.weight",
	rename: []rename{
		named("stages.0.downsample_layers.#", "stem.$1$2"),
		named("stages.#.downsample_layers.#", "stages.$1.downsample.$2$3"),
		named("stages.#.layers.#.depthwise_conv", "stages.$1.blocks.$2.conv_dw$3"),
		named("stages.#.layers.#.layer_norm", "stages.$1.blocks.$2.norm$3"),
		named("stages.#.layers.#.pointwise_conv#", "stages.$1.blocks.$2.mlp.fc$3$4"),
		named("stages.#.layers.#.gamma", "stages.$1.blocks.$2.gamma$3"),
		named("layer_norm", "head.norm$1"),
	},
}

var authorsConvNeXt = naming{
	of: "facebookresearch's ConvNeXt", anchor: "downsample_layers.0.0.weight",
	rename: []rename{
		named("downsample_layers.0.#", "stem.$1$2"),
		named("downsample_layers.#.#", "stages.$1.downsample.$2$3"),
		named("stages.#.#.dwconv", "stages.$1.blocks.$2.conv_dw$3"),
		named("stages.#.#.norm", "stages.$1.blocks.$2.norm$3"),
		named("stages.#.#.pwconv#", "stages.$1.blocks.$2.mlp.fc$3$4"),
		named("stages.#.#.gamma", "stages.$1.blocks.$2.gamma$3"),
		named("norm", "head.norm$1"),
		named("head", "head.fc$1"),
	},
}
