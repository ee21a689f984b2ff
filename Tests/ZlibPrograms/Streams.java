// SPDX-License-Identifier: Apache-2.0
// Streams FILE GZIP-FILE ZIP-FILE
//
// What java.util.zip does with the zlib that it finds: every level and strategy, with and without header, dictionaries,
// small buffers, flushes, gzip and zip files. It leaves two files for others to read.

import java.io.*;
import java.nio.file.*;
import java.util.Arrays;
import java.util.zip.*;

public class Streams {
    static byte[] deflate(Deflater deflater, byte[] data, int piece, int flush, byte[] dictionary) {
        var packed = new ByteArrayOutputStream();
        byte[] buffer = new byte[piece];
        if (dictionary != null) deflater.setDictionary(dictionary);
        for (int from = 0; from < data.length; from += 100_000) {
            deflater.setInput(data, from, Math.min(100_000, data.length - from));
            int count;
            do {
                count = deflater.deflate(buffer, 0, buffer.length, flush);
                packed.write(buffer, 0, count);
            } while (count == buffer.length || !deflater.needsInput());
        }
        deflater.finish();
        while (!deflater.finished()) packed.write(buffer, 0, deflater.deflate(buffer));
        check(deflater.getBytesRead() == data.length && deflater.getBytesWritten() == packed.size(), "counts");
        return packed.toByteArray();
    }

    static byte[] inflate(Inflater inflater, byte[] packed, int piece, byte[] dictionary) throws DataFormatException {
        var plain = new ByteArrayOutputStream();
        byte[] buffer = new byte[piece];
        inflater.setInput(packed);
        while (!inflater.finished()) {
            int count = inflater.inflate(buffer);
            plain.write(buffer, 0, count);
            if (inflater.needsDictionary()) inflater.setDictionary(dictionary);
            else check(count > 0 || inflater.finished(), "no progress");
        }
        return plain.toByteArray();
    }

    static void check(boolean condition, String what) {
        if (!condition) throw new AssertionError(what);
    }

    public static void main(String[] arguments) throws Exception {
        byte[] data = Files.readAllBytes(Path.of(arguments[0]));
        byte[] dictionary = Arrays.copyOf(data, 8000);
        var adler = new Adler32();
        adler.update(data);
        for (int level = -1; level <= 9; level++) {
            for (boolean isRaw : new boolean[] {false, true}) {
                var deflater = new Deflater(level, isRaw);
                var inflater = new Inflater(isRaw);
                // The same two for one stream after another.
                for (int turn = 0; turn < 4; turn++) {
                    boolean isPreset = turn == 3 && !isRaw;
                    int flush = turn == 2 ? Deflater.SYNC_FLUSH : Deflater.NO_FLUSH;
                    byte[] packed = deflate(deflater, data, turn == 1 ? 512 : 65536, flush, isPreset ? dictionary : null);
                    if (!isRaw) check(deflater.getAdler() == (int) adler.getValue(), "Adler-32");
                    check(Arrays.equals(data, inflate(inflater, packed, turn == 1 ? 512 : 65536, dictionary)), "data");
                    check(inflater.getRemaining() == 0, "input is left");
                    deflater.reset();
                    inflater.reset();
                }
                deflater.end();
                inflater.end();
            }
        }
        for (int strategy : new int[] {Deflater.FILTERED, Deflater.HUFFMAN_ONLY}) {
            var deflater = new Deflater();
            deflater.setStrategy(strategy);
            check(Arrays.equals(data, inflate(new Inflater(), deflate(deflater, data, 8192, 0, null), 8192, null)), "strategy");
        }
        // Another level on the way.
        var changing = new Deflater(1);
        var packed = new ByteArrayOutputStream();
        byte[] buffer = new byte[4096];
        for (int half = 0; half < 2; half++) {
            changing.setInput(data, half * (data.length / 2), half == 0 ? data.length / 2 : data.length - data.length / 2);
            changing.setLevel(half == 0 ? 1 : 9);
            if (half == 1) changing.finish();
            while (half == 0 ? !changing.needsInput() : !changing.finished()) packed.write(buffer, 0, changing.deflate(buffer));
        }
        check(Arrays.equals(data, inflate(new Inflater(), packed.toByteArray(), 4096, null)), "another level");
        // Damage is noticed.
        byte[] damaged = deflate(new Deflater(), data, 65536, 0, null);
        damaged[damaged.length - 2] ^= 1;
        try {
            inflate(new Inflater(), damaged, 65536, null);
            throw new AssertionError("a wrong checksum was not noticed");
        } catch (DataFormatException expected) {
            check(expected.getMessage().equals("incorrect data check"), expected.getMessage());
        }
        try (var out = new GZIPOutputStream(new FileOutputStream(arguments[1]), 20_000)) { out.write(data); }
        try (var in = new GZIPInputStream(new FileInputStream(arguments[1]), 50_000)) {
            check(Arrays.equals(data, in.readAllBytes()), "gzip");
        }
        try (var out = new ZipOutputStream(new FileOutputStream(arguments[2]))) {
            out.putNextEntry(new ZipEntry("mixed"));
            out.write(data);
            out.closeEntry();
        }
        try (var in = new ZipFile(arguments[2])) {
            check(Arrays.equals(data, in.getInputStream(in.getEntry("mixed")).readAllBytes()), "zip");
        }
        System.out.println("all of it is right");
    }
}
