package encoder

// How the image towers of CLIP are named by transformers (CLIPVisionModel, CLIPModel and
// CLIPVisionModelWithProjection) and by OpenAI and OpenCLIP, whose files have the text tower too.

var transformersCLIP = naming{
	of: "transformers' CLIP", anchor: "embeddings.class_embedding",
	rename: []rename{
		named("embeddings.class_embedding", "cls_token$1"),
		named("embeddings.patch_embedding", "patch_embed.proj$1"),
		named("embeddings.position_embedding.weight", "pos_embed$1"),
		named("pre_layrnorm", "norm_pre$1"), // As it is written there.
		named("encoder.layers.#.layer_norm1", "blocks.$1.norm1$2"),
		named("encoder.layers.#.layer_norm2", "blocks.$1.norm2$2"),
		named("encoder.layers.#.self_attn.q_proj", "blocks.$1.attn.query$2"),
		named("encoder.layers.#.self_attn.k_proj", "blocks.$1.attn.key$2"),
		named("encoder.layers.#.self_attn.v_proj", "blocks.$1.attn.value$2"),
		named("encoder.layers.#.self_attn.out_proj", "blocks.$1.attn.proj$2"),
		named("encoder.layers.#.mlp.fc#", "blocks.$1.mlp.fc$2$3"),
		named("post_layernorm", "norm$1"),
	},
	joined: queryKeyValueParts, into: ".attn.qkv",
	projection: "visual_projection.weight",
}

var authorsCLIP = naming{
	of: "OpenAI's CLIP", anchor: "class_embedding",
	rename: []rename{
		named("class_embedding", "cls_token$1"),
		named("conv1", "patch_embed.proj$1"),
		named("positional_embedding", "pos_embed$1"),
		named("ln_pre", "norm_pre$1"),
		named("transformer.resblocks.#.ln_#", "blocks.$1.norm$2$3"),
		named("transformer.resblocks.#.attn.in_proj_weight", "blocks.$1.attn.qkv.weight$2"),
		named("transformer.resblocks.#.attn.in_proj_bias", "blocks.$1.attn.qkv.bias$2"),
		named("transformer.resblocks.#.attn.out_proj", "blocks.$1.attn.proj$2"),
		named("transformer.resblocks.#.mlp.c_fc", "blocks.$1.mlp.fc1$2"),
		named("transformer.resblocks.#.mlp.c_proj", "blocks.$1.mlp.fc2$2"),
		named("ln_post", "norm$1"),
		named("proj", "head.weight$1"),
	},
	transposed: "head.weight",
}
