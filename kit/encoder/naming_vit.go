package encoder

// How the vision transformers of transformers (ViTModel, ViTMAEModel, IJepaModel; Dinov2Model and
// Dinov2WithRegistersModel; DINOv3ViTModel) and of facebookresearch (DeiT III, DINOv2) are named. The
// norms of transformers' ViT have an epsilon of 1e-12 and not 1e-6, which features do not show in
// float32 where the variances are not tiny.

// transformersAttention are the names that all of them share.
var transformersAttention = []rename{
	named("embeddings.cls_token", "cls_token$1"),
	named("embeddings.mask_token", "mask_token$1"),
	named("embeddings.register_tokens", "reg_token$1"),
	named("embeddings.position_embeddings", "pos_embed$1"),
	named("embeddings.patch_embeddings.projection", "patch_embed.proj$1"),
	named("encoder.layer.#.attention.attention.query", "blocks.$1.attn.query$2"),
	named("encoder.layer.#.attention.attention.key", "blocks.$1.attn.key$2"),
	named("encoder.layer.#.attention.attention.value", "blocks.$1.attn.value$2"),
	named("encoder.layer.#.attention.output.dense", "blocks.$1.attn.proj$2"),
	named("layernorm", "norm$1"),
}

var queryKeyValueParts = []string{".attn.query", ".attn.key", ".attn.value"}

var transformersViT = naming{
	of: "transformers' ViT", anchor: "encoder.layer.0.layernorm_before.weight",
	rename: append([]rename{
		named("encoder.layer.#.layernorm_before", "blocks.$1.norm1$2"),
		named("encoder.layer.#.layernorm_after", "blocks.$1.norm2$2"),
		named("encoder.layer.#.intermediate.dense", "blocks.$1.mlp.fc1$2"),
		named("encoder.layer.#.output.dense", "blocks.$1.mlp.fc2$2"),
	}, transformersAttention...),
	joined: queryKeyValueParts, into: ".attn.qkv",
}

var transformersDINOv2 = naming{
	of: "transformers' Dinov2", anchor: "encoder.layer.0.layer_scale1.lambda1",
	rename: append([]rename{
		named("encoder.layer.#.norm1", "blocks.$1.norm1$2"),
		named("encoder.layer.#.norm2", "blocks.$1.norm2$2"),
		named("encoder.layer.#.mlp.fc1", "blocks.$1.mlp.fc1$2"),
		named("encoder.layer.#.mlp.fc2", "blocks.$1.mlp.fc2$2"),
		named("encoder.layer.#.layer_scale1.lambda1", "blocks.$1.ls1.gamma$2"),
		named("encoder.layer.#.layer_scale2.lambda1", "blocks.$1.ls2.gamma$2"),
	}, transformersAttention...),
	joined: queryKeyValueParts, into: ".attn.qkv",
}

// transformersDINOv3 are named as timm's Eva is. Keys have no bias.
var transformersDINOv3 = naming{
	of: "transformers' DINOv3ViT", anchor: "layer.0.attention.q_proj.weight",
	rename: []rename{
		named("embeddings.cls_token", "cls_token$1"),
		named("embeddings.mask_token", "mask_token$1"),
		named("embeddings.register_tokens", "reg_token$1"),
		named("embeddings.patch_embeddings", "patch_embed.proj$1"),
		named("layer.#.norm1", "blocks.$1.norm1$2"),
		named("layer.#.norm2", "blocks.$1.norm2$2"),
		named("layer.#.attention.q_proj.bias", "blocks.$1.attn.q_bias$2"),
		named("layer.#.attention.v_proj.bias", "blocks.$1.attn.v_bias$2"),
		named("layer.#.attention.q_proj", "blocks.$1.attn.query$2"),
		named("layer.#.attention.k_proj", "blocks.$1.attn.key$2"),
		named("layer.#.attention.v_proj", "blocks.$1.attn.value$2"),
		named("layer.#.attention.o_proj", "blocks.$1.attn.proj$2"),
		named("layer.#.layer_scale1.lambda1", "blocks.$1.gamma_1$2"),
		named("layer.#.layer_scale2.lambda1", "blocks.$1.gamma_2$2"),
		named("layer.#.mlp.up_proj", "blocks.$1.mlp.fc1$2"),
		named("layer.#.mlp.down_proj", "blocks.$1.mlp.fc2$2"),
	},
	joined: queryKeyValueParts, into: ".attn.qkv",
}

// transformersGatedDINOv3 are those with a SwiGLU, whose up_proj is another layer.
var transformersGatedDINOv3 = naming{
	of: transformersDINOv3.of, anchor: "layer.0.mlp.gate_proj.weight",
	rename: append([]rename{
		named("layer.#.mlp.gate_proj", "blocks.$1.mlp.fc1_g$2"),
		named("layer.#.mlp.up_proj", "blocks.$1.mlp.fc1_x$2"),
	}, transformersDINOv3.rename...),
	joined: queryKeyValueParts, into: ".attn.qkv",
}

// What differs from timm's names in the files of facebookresearch.
var (
	authorsDINOv2 = naming{
		of: "facebookresearch's DINOv2 with registers", anchor: "register_tokens",
		rename: []rename{named("register_tokens", "reg_token$1")},
	}
	authorsDeiT3 = naming{
		of: "facebookresearch's DeiT III", anchor: "blocks.0.gamma_1",
		rename: []rename{named("blocks.#.gamma_#", "blocks.$1.ls$2.gamma$3")},
	}
)
