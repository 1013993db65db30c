package segment

import (
	"testing"

	"sslkit/kit/setting/settingtest"
)

// The comment of a field and the defaults say the same number.
func TestCommentsTellTheDefaults(t *testing.T) {
	settingtest.Comments(t, ".", 8, Training{}.WithDefaults(), Convolutional{}.WithDefaults(), AttentionMasks{}.WithDefaults(),
		Clusters{}.WithDefaults(), Neighbours{}.WithDefaults())
}
