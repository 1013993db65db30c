package ssl

import "sslkit/kit/augment"

// SimCLRView is the augmentation of SimCLR (appendix A) to views of size × size pixels: crop and
// resize, flip, colour jitter of the given strength (1 on ImageNet, 0.5 on CIFAR-10), greyscale,
// and, above 32 pixels, blur. The crop is resized bicubically, as in the authors' code.
func SimCLRView(size int, strength float64) augment.Pipeline {
	view := augment.Pipeline{
		augment.RandomResizedCrop{Size: size, Interpolation: augment.Bicubic},
		augment.Flip{},
		augment.ColorJitter{
			Brightness: .8 * strength, Contrast: .8 * strength, Saturation: .8 * strength, Hue: .2 * strength, P: .8,
		},
		augment.Grey{P: .2},
	}
	if size > 32 {
		view = append(view, augment.GaussianBlur{P: .5})
	}
	return append(view, augment.Normalize{})
}

// MoCoView is the augmentation of MoCo v2 (Chen et al. 2020, arXiv:2003.04297, section 3): crop of
// at least a fifth of the image, resized bilinearly as in its code, jitter of .4/.4/.4/.1,
// greyscale, above 32 pixels blur, and flip.
func MoCoView(size int) augment.Pipeline {
	view := augment.Pipeline{
		augment.RandomResizedCrop{Size: size, Scale: [2]float64{.2, 1}},
		augment.ColorJitter{Brightness: .4, Contrast: .4, Saturation: .4, Hue: .1, P: .8},
		augment.Grey{P: .2},
	}
	if size > 32 {
		view = append(view, augment.GaussianBlur{P: .5})
	}
	return append(view, augment.Flip{}, augment.Normalize{})
}

// BYOLViews are the two augmentations of BYOL (appendix B, table 6), which differ so that a network
// can't tell by the colours alone what belongs together: the first is nearly always blurred, the
// second seldom, and may be solarised. Crops are resized bicubically, as in the authors' code. Up
// to 32 pixels nothing is blurred.
func BYOLViews(size int) []augment.Pipeline {
	view := func(blur, solarize float64) augment.Pipeline {
		view := augment.Pipeline{
			augment.RandomResizedCrop{Size: size, Interpolation: augment.Bicubic},
			augment.Flip{},
			augment.ColorJitter{Brightness: .4, Contrast: .4, Saturation: .2, Hue: .1, P: .8},
			augment.Grey{P: .2},
		}
		if size > 32 {
			view = append(view, augment.GaussianBlur{P: blur})
		}
		if solarize > 0 {
			view = append(view, augment.Solarize{P: solarize})
		}
		return append(view, augment.Normalize{})
	}
	return []augment.Pipeline{view(1, 0), view(.1, .2)}
}
