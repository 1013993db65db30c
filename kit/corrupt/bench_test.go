package corrupt

import "testing"

// Over the five severities, at 32×32 pixels.
func BenchmarkApply(b *testing.B) {
	pix := shapes(b, 1, 32)[0]
	for _, c := range All() {
		b.Run(c.String(), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				apply(b, c, 1+i%Severities, pix, 32, uint64(i))
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
