package samplemail

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
)

// chart draws three bars, so that the sample mail has a picture to show.
func chart() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 160, 100))
	for y := range 100 {
		for x := range 160 {
			c := color.RGBA{246, 244, 238, 255}
			if bar := x / 50; bar < 3 && x%50 > 12 && 100-y < 30+25*bar {
				c = color.RGBA{uint8(40 + 50*bar), 96, 120, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic("samplemail: " + err.Error()) // memory does not fail to be written to
	}
	return b.Bytes()
}
