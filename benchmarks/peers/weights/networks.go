package main

import "sslkit/kit/encoder"

// network is one of timm's, by its name there.
type network struct {
	name    string
	encoder encoder.Encoder
	side    int // Of the images, in pixels.
}

func networks() []network {
	patch8, deit3 := encoder.ViTBase, encoder.ViTSmall
	patch8.Patch, patch8.Size = 8, 224
	deit3.NoClassPosition, deit3.LayerScale = true, 1e-6
	registers := encoder.ViTSmallDINOv2
	registers.Registers = 4
	clip32, openCLIP := encoder.ViTBaseCLIP, encoder.ViTBaseCLIP
	clip32.Patch, openCLIP.Activation = 32, encoder.GELU
	// As timm has DINOv3: the mean of the patches beside a class token, without biases of queries and values.
	dinov3, plus, base := encoder.ViTSmallDINOv3, encoder.ViTSmallPlusDINOv3, encoder.ViTBaseDINOv3
	dinov3.Pool, plus.Pool, base.Pool = encoder.MeanBesideClassToken, encoder.MeanBesideClassToken, encoder.MeanBesideClassToken
	plus.AttentionBias, base.AttentionBias = encoder.NoAttentionBias, encoder.NoAttentionBias
	return []network{
		{"resnet18", encoder.ResNet18, 224},
		{"resnet34", encoder.ResNet34, 224},
		{"resnet50", encoder.ResNet50, 224},
		{"resnet101", encoder.ResNet101, 224},
		{"resnet152", encoder.ResNet152, 224},
		{"vit_tiny_patch16_224", encoder.ViTTiny, 224},
		{"vit_small_patch16_224", encoder.ViTSmall, 224},
		{"vit_base_patch16_224", encoder.ViTBase, 224},
		{"vit_large_patch16_224", encoder.ViTLarge, 224},
		{"vit_base_patch8_224", patch8, 224},
		{"deit3_small_patch16_224", deit3, 224},
		{"vit_small_patch14_dinov2", encoder.ViTSmallDINOv2, 224}, // Position embeddings for 518 pixels.
		{"vit_small_patch14_reg4_dinov2", registers, 518},
		{"vit_base_patch14_dinov2", encoder.ViTBaseDINOv2, 224},
		{"vit_large_patch14_dinov2", encoder.ViTLargeDINOv2, 224},
		{"vit_base_patch32_clip_quickgelu_224", clip32, 224},
		{"vit_base_patch16_clip_224", openCLIP, 224},
		{"vit_large_patch14_clip_quickgelu_224", encoder.ViTLargeCLIP, 224},
		{"vit_huge_patch14_gap_224", encoder.ViTHugeIJEPA, 224},
		{"vit_small_patch16_dinov3_qkvb", dinov3, 256},
		{"vit_small_plus_patch16_dinov3", plus, 256},
		{"vit_base_patch16_dinov3", base, 256},
		{"convnext_tiny", encoder.ConvNeXtTiny, 224},
		{"convnext_small", encoder.ConvNeXtSmall, 224},
		{"convnext_base", encoder.ConvNeXtBase, 224},
	}
}
