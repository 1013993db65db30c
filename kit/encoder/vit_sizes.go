package encoder

var (
	// ViTTiny is ViT-Ti/16 of DeiT: 5.5 million parameters, 1.3 billion multiply-adds at 224
	// pixels.
	ViTTiny = ViT{Patch: 16, Width: 192, Depth: 12, Heads: 3}
	// ViTSmall is ViT-S/16 of DeiT: 21.7 million parameters, 4.6 billion multiply-adds at 224
	// pixels.
	ViTSmall = ViT{Patch: 16, Width: 384, Depth: 12, Heads: 6}
	// ViTBase is ViT-B/16: 85.8 million parameters, 17.6 billion multiply-adds at 224 pixels.
	ViTBase = ViT{Patch: 16, Width: 768, Depth: 12, Heads: 12}
	// ViTLarge is ViT-L/16: 303.3 million parameters, 61.6 billion multiply-adds at 224 pixels.
	ViTLarge = ViT{Patch: 16, Width: 1024, Depth: 24, Heads: 16}

	// ViTSmallDINOv2 is ViT-S/14 as DINOv2 publishes it (Oquab et al. 2023, arXiv:2304.07193), whose
	// position embeddings are for 518 pixels. Where it has registers, set Registers to 4.
	ViTSmallDINOv2 = ViT{Patch: 14, Width: 384, Depth: 12, Heads: 6, LayerScale: 1e-5, Size: 518}
	// ViTBaseDINOv2 is ViT-B/14, likewise.
	ViTBaseDINOv2 = ViT{Patch: 14, Width: 768, Depth: 12, Heads: 12, LayerScale: 1e-5, Size: 518}
	// ViTLargeDINOv2 is ViT-L/14, likewise.
	ViTLargeDINOv2 = ViT{Patch: 14, Width: 1024, Depth: 24, Heads: 16, LayerScale: 1e-5, Size: 518}

	// ViTBaseCLIP is the image tower of CLIP's ViT-B/16 (Radford et al. 2021, arXiv:2103.00020), as
	// OpenAI publishes it. For ViT-B/32 set Patch to 32; of OpenCLIP's most have Activation GELU. Its
	// representation is the class token; that which is compared with texts has Projection 512.
	ViTBaseCLIP = ViT{Patch: 16, Width: 768, Depth: 12, Heads: 12, PreNorm: true, NormEpsilon: 1e-5, Activation: QuickGELU, Size: 224}
	// ViTLargeCLIP is that of ViT-L/14, likewise, with Projection 768 for texts. Size is also 336.
	ViTLargeCLIP = ViT{Patch: 14, Width: 1024, Depth: 24, Heads: 16, PreNorm: true, NormEpsilon: 1e-5, Activation: QuickGELU, Size: 224}

	// ViTHugeIJEPA is ViT-H/14 as I-JEPA publishes it (Assran et al. 2023, arXiv:2301.08243): the mean
	// of the patches, without a class token. There is one with Patch 16 and Size 448.
	ViTHugeIJEPA = ViT{Patch: 14, Width: 1280, Depth: 32, Heads: 16, Pool: MeanPatches, Size: 224}
	// ViTGiantIJEPA is its ViT-g/16, likewise.
	ViTGiantIJEPA = ViT{Patch: 16, Width: 1408, Depth: 40, Heads: 16, MLPRatio: 48. / 11, Pool: MeanPatches, Size: 224}

	// ViTSmallDINOv3 is ViT-S/16 as DINOv3 publishes it (Siméoni et al. 2025, arXiv:2508.10104), at
	// transformers; timm has it with and without the bias of queries and values. The representation is
	// the class token.
	ViTSmallDINOv3 = ViT{Patch: 16, Width: 384, Depth: 12, Heads: 6, Positions: Rotary, AttentionBias: QueryValueBias,
		Registers: 4, LayerScale: 1e-5, NormEpsilon: 1e-5}
	// ViTSmallPlusDINOv3 is its ViT-S+/16, likewise.
	ViTSmallPlusDINOv3 = ViT{Patch: 16, Width: 384, Depth: 12, Heads: 6, Positions: Rotary, AttentionBias: QueryValueBias,
		Registers: 4, LayerScale: 1e-5, NormEpsilon: 1e-5, Activation: SwiGLU}
	// ViTBaseDINOv3 is its ViT-B/16, likewise.
	ViTBaseDINOv3 = ViT{Patch: 16, Width: 768, Depth: 12, Heads: 12, Positions: Rotary, AttentionBias: QueryValueBias,
		Registers: 4, LayerScale: 1e-5, NormEpsilon: 1e-5}
	// ViTLargeDINOv3 is its ViT-L/16, likewise.
	ViTLargeDINOv3 = ViT{Patch: 16, Width: 1024, Depth: 24, Heads: 16, Positions: Rotary, AttentionBias: QueryValueBias,
		Registers: 4, LayerScale: 1e-5, NormEpsilon: 1e-5}
	// ViTHugePlusDINOv3 is its ViT-H+/16, likewise.
	ViTHugePlusDINOv3 = ViT{Patch: 16, Width: 1280, Depth: 32, Heads: 20, Positions: Rotary, AttentionBias: QueryValueBias,
		Registers: 4, LayerScale: 1e-5, NormEpsilon: 1e-5, Activation: SwiGLU}
)
