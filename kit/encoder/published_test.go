package encoder

import (
	"math"
	"testing"
)

// TestPublishedSizes: parameters in millions, without a classifier, and multiply-adds in billions, as
// timm's tables have them.
func TestPublishedSizes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		encoder  Encoder
		side     int
		millions float64
		billions float64
	}{
		"ResNet-18":    {ResNet18, 224, 11.18, 1.81},
		"ResNet-34":    {ResNet34, 224, 21.28, 3.66},
		"ResNet-50":    {ResNet50, 224, 23.51, 4.09},
		"ResNet-101":   {ResNet101, 224, 42.50, 7.80},
		"ResNet-152":   {ResNet152, 224, 58.14, 11.51},
		"ViT-L/16":     {ViTLarge, 224, 303.30, 61.55},
		"DINOv2 S/14":  {ViTSmallDINOv2, 518, 22.06, 46.76},
		"DINOv2 B/14":  {ViTBaseDINOv2, 518, 86.58, 151.71},
		"DINOv2 L/14":  {ViTLargeDINOv2, 518, 304.37, 507.15},
		"CLIP B/32":    {clipTower(ViTBaseCLIP, 32, 224, QuickGELU), 224, 87.46, 4.41},
		"CLIP B/16":    {ViTBaseCLIP, 224, 85.80, 17.58},
		"CLIP L/14":    {ViTLargeCLIP, 224, 303.18, 81.08},
		"I-JEPA H/14":  {ViTHugeIJEPA, 224, 630.76, 166.73},
		"I-JEPA g/16":  {ViTGiantIJEPA, 224, 1011.37, 202.46},
		"DINOv3 S/16":  {ViTSmallDINOv3, 256, 21.60, 6.26},
		"DINOv3 S+/16": {ViTSmallPlusDINOv3, 256, 28.69, 8.11},
		"DINOv3 B/16":  {ViTBaseDINOv3, 256, 85.66, 23.60},
		"DINOv3 L/16":  {ViTLargeDINOv3, 256, 303.13, 82.43},
		"DINOv3 H+/16": {ViTHugePlusDINOv3, 256, 840.59, 224.88},
		"ConvNeXt-T":   {ConvNeXtTiny, 224, 27.82, 4.46},
		"ConvNeXt-B":   {ConvNeXtBase, 224, 87.57, 15.36},
		"ConvNeXt-S":   {ConvNeXtSmall, 224, 49.45, 8.68},
		"ViT-Ti/16":    {ViTTiny, 224, 5.52, 1.26},
		"ViT-S/16":     {ViTSmall, 224, 21.67, 4.60},
		"ViT-B/16":     {ViTBase, 224, 85.80, 17.56},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cost := c.encoder.Cost(c.side, c.side)
			if got := float64(cost.Params) / 1e6; math.Abs(got-c.millions) > .01 {
				t.Errorf("%.2f million parameters, want %.2f", got, c.millions)
			}
			if got := float64(cost.MultiplyAdds) / 1e9; math.Abs(got-c.billions) > .01*c.billions {
				t.Errorf("%.2f billion multiply-adds, want %.2f", got, c.billions)
			}
		})
	}
}
