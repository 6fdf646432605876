"""
Makes the images in files/, with Pillow, so that nothing here was written by what reads it. Run once:

    python3 -m venv pil && pil/bin/pip install pillow==12.3.0 && pil/bin/python make.py

Each is 32 wide and 24 high: red on the left; on the right blue above and green below.
"""

import io
import pathlib
import struct

from PIL import Image

FILES = pathlib.Path(__file__).parent / "files"
RED, BLUE, GREEN = (220, 40, 30), (30, 60, 210), (20, 160, 60)


def flag(width=32, height=24):
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height // 2))
    image.paste(GREEN, (width // 2, height // 2, width, height))
    return image


def save(name, image, **options):
    image.save(FILES / name, **options)


def jpeg(image=None, **options):
    out = io.BytesIO()
    (image or flag()).save(out, "JPEG", quality=92, subsampling=0, **options)
    return out.getvalue()


def write(name, data):
    (FILES / name).write_bytes(data)


# Windows bitmaps
save("24-bit.bmp", flag())
save("palette.bmp", flag().convert("P", palette=Image.Palette.ADAPTIVE, colors=4))
save("grey.bmp", flag().convert("L"))
save("black-and-white.bmp", flag().convert("L").point(lambda value: 255 if value > 100 else 0).convert("1"))
save("alpha.bmp", flag().convert("RGBA"))

# TIFF
save("lzw.tif", flag(), compression="tiff_lzw")
save("jpeg-in.tif", flag(), compression="jpeg", quality=95)
save("grey-16-bit.tif", Image.frombytes("I;16", (32, 24), struct.pack("<768H", *[40000 if i % 32 < 16 else 8000 for i in range(768)])))
save("cmyk.tif", flag().convert("CMYK"), compression="tiff_adobe_deflate")
save("two-pages.tif", flag(), save_all=True, append_images=[Image.new("RGB", (10, 10))])
save("float.tif", Image.new("F", (32, 24), 0.5))
exif = Image.Exif()
exif[0x0112] = 6  # to be turned by 90° clockwise: stored lying, seen standing
save("turned.tif", flag().rotate(90, expand=True), exif=exif)

# GIF
save("animation.gif", flag(), save_all=True, append_images=[Image.new("RGB", (32, 24), BLUE)], duration=80, loop=0)
see = flag().convert("RGBA")
see.paste((0, 0, 0, 0), (0, 0, 16, 24))
save("see-through.gif", see)

# AVIF, WebP, PNG
save("photo.avif", flag(), quality=95)
save("photo.webp", flag(), lossless=True)
save("grey-16-bit.png", Image.frombytes("I;16", (32, 24), struct.pack("<768H", *[40000 if i % 32 < 16 else 8000 for i in range(768)])))
save("plain.png", flag())

# JPEG
write("plain.jpg", jpeg())
write("progressive.jpg", jpeg(progressive=True))
save("cmyk.jpg", flag().convert("CMYK"), quality=95)
exif = Image.Exif()
exif[0x0112] = 6
write("turned.jpg", jpeg(flag().rotate(90, expand=True), exif=exif))
save("two-pictures.mpo", flag(), format="MPO", save_all=True, append_images=[Image.new("RGB", (32, 24))], quality=92)
(FILES / "two-pictures.mpo").rename(FILES / "two-pictures.jpg")
whole = jpeg()
write("rubbish-between.jpg", whole[:20] + b"rubbish!" + whole[20:])
write("rubbish-behind.jpg", whole + b"\0" * 64)
write("without-end.jpg", whole[:-2])
noise = Image.effect_noise((128, 96), 40).convert("RGB")
tall = jpeg(noise)
write("cut-a-little.jpg", tall[: int(len(tall) * 0.96)])
write("cut-in-half.jpg", tall[: len(tall) // 2])

# What a telephone writes: the beginning of one, which is what it is told by
write("telephone.heic", b"\0\0\0\x24ftypheic\0\0\0\0mif1MiHEmiafMiHBheic" + b"\0\0\0\x08free" * 8)
