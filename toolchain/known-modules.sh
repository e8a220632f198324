# For the scripts beside it: the program $vision lets the native code of known modules run.
known=$(dirname "$vision")/known-modules

# These files, as they are now; what other ones are known stays.
vouch_for() {
    for file; do
        { grep -v " $file\$" "$known" 2>/dev/null; sha256sum "$file"; } >"$known.$$"
        mv "$known.$$" "$known"
    done
}
