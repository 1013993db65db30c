package corrupt

// border says which of the n pixels along an axis stands for pixel i outside, for any i; inside, it
// is i itself.
type border func(i, n int) int

// nearest repeats the outermost pixel: aaa|abcd|ddd.
func nearest(i, n int) int { return min(max(i, 0), n-1) }

// mirror reflects between pixels, repeating the outermost: cba|abcd|dcb. It is scipy's "reflect".
func mirror(i, n int) int {
	i %= 2 * n
	if i < 0 {
		i += 2 * n
	}
	return min(i, 2*n-1-i)
}

// mirrorInside reflects at the outermost pixel, without repeating it: dcb|abcd|cba. It is OpenCV's
// default.
func mirrorInside(i, n int) int {
	if n == 1 {
		return 0
	}
	i %= 2 * (n - 1)
	if i < 0 {
		i += 2 * (n - 1)
	}
	return min(i, 2*(n-1)-i)
}
