package augment

import (
	"cmp"
	"math"

	"sslkit/kit/setting"
)

// interval returns an error unless 0 < low <= high <= limit.
func interval(field string, value [2]float64, limit float64, zero [2]float64) error {
	end := func(name string, v, standard float64) error {
		if math.IsInf(limit, 1) {
			return setting.Positive(field+name, v, standard)
		}
		return setting.UpTo(limit, field+name, v, standard)
	}
	return cmp.Or(
		end("[0]", value[0], zero[0]),
		end("[1]", value[1], zero[1]),
		setting.Must(value[0] <= value[1], field, value, "from low to high"))
}
