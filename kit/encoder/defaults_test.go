package encoder

import (
	"testing"

	"sslkit/kit/setting/settingtest"
)

// The comment of a field and the defaults say the same number.
func TestCommentsTellTheDefaults(t *testing.T) {
	settingtest.Comments(t, ".", 17,
		ResNet{}.WithDefaults(), ViT{}.WithDefaults(), ConvNeXt{}.WithDefaults(), IGPT{}.WithDefaults(), Text{}.WithDefaults(),
		Transformer{}.WithDefaults(), Probed{}.WithDefaults(), PerFrame{}.WithDefaults())
}
