package stages_test

import (
	"testing"

	"sslkit/kit/setting/settingtest"
	"sslkit/kit/stages"
)

// The comment of a field and the defaults say the same number.
func TestCommentsTellTheDefaults(t *testing.T) {
	settingtest.Comments(t, ".", 3, stages.NoisyStudent{}.WithDefaults())
}
