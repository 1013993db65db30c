package data

import (
	"testing"

	"sslkit/kit/setting/settingtest"
)

// The comment of a field and the defaults say the same number.
func TestCommentsTellTheDefaults(t *testing.T) {
	settingtest.Comments(t, ".", 35,
		Shapes{}.WithDefaults(), Scenes{}.WithDefaults(), Streets{}.WithDefaults(), COCO{}.WithDefaults(), MaskFolder{}.WithDefaults(), VOC{}.WithDefaults(),
		ImageList{}.WithDefaults(), WebDataset{}.WithDefaults(), Parquet{}.WithDefaults(), ImageNet{}.WithDefaults(),
		ImageFolder{Encoding: JPEG}.WithDefaults(), FrameFolder{Encoding: JPEG}.WithDefaults(), MedMNIST{}.WithDefaults(),
		FrameStrips{}.WithDefaults(), Moving{}.WithDefaults(), Patterns{}.WithDefaults())
}
