package corrupt

// cifarSide is the longest shorter side, in pixels, of images that get CIFAR-10-C's strengths.
const cifarSide = 64

// strengths are what a corruption is told at severities 1 to 5: as the authors' code for CIFAR-10-C
// has it, and as that for ImageNet-C.
type strengths[T any] struct{ cifar, imagenet [Severities]T }

// at is the strength for a picture of that size.
func (s strengths[T]) at(severity int, p picture) T {
	if min(p.height, p.width) <= cifarSide {
		return s.cifar[severity-1]
	}
	return s.imagenet[severity-1]
}
