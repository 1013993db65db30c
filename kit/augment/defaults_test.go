package augment

import (
	"testing"

	"sslkit/kit/setting/settingtest"
)

// The comment of a field and the defaults say the same number.
func TestCommentsTellTheDefaults(t *testing.T) {
	blends := BatchMix{Mixup: 1}.WithDefaults() // The zero value has none.
	blends.Mixup = 0
	settingtest.Comments(t, ".", 30,
		Affine{}.WithDefaults(), GaussianBlur{}.WithDefaults(), Grey{}.WithDefaults(), Solarize{}.WithDefaults(),
		RandomResizedCrop{}.WithDefaults(), Flip{}.WithDefaults(), VerticalFlip{}.WithDefaults(), RandomErasing{}.WithDefaults(),
		ColorJitter{}.WithDefaults(), Normalize{}.WithDefaults(), RandAugment{}.WithDefaults(),
		Translate{}.WithDefaults(), Cutout{}.WithDefaults(), RandomMask{}.WithDefaults(),
		BlockMask{}.WithDefaults(), MultiBlockMask{}.WithDefaults(), Mixup{}.WithDefaults(), CutMix{}.WithDefaults(),
		blends)
}
