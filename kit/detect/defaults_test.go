package detect

import (
	"testing"

	"sslkit/kit/setting/settingtest"
)

// The comment of a field and the defaults say the same number.
func TestCommentsTellTheDefaults(t *testing.T) {
	settingtest.Comments(t, ".", 2, Detection{}.WithDefaults())
}
