# Writes the commit of the source tree into OUT as a header, touching the file only when it changed.
# Run at build time: cmake -DSOURCE=… -DOUT=… -P WriteCommit.cmake
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
                OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit "")  # a source archive without git
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT "#define CROSSVAL_COMMIT \"${commit}\"\n")
