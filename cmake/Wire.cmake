# SPDX-License-Identifier: Apache-2.0
# The generated part of the room wire: C++ from schema/, written into the build directory by
# tools/generate. Headers are included as "wire/messages/<api>.h" and "wire/records/<room>.h".

set(generator ${CMAKE_SOURCE_DIR}/tools/generate/generate.py)
set(generated_directory ${CMAKE_BINARY_DIR}/generated)
file(GLOB schema_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/schema/messages/*.msg
     ${CMAKE_SOURCE_DIR}/schema/records/*.msg)
file(GLOB generator_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tools/generate/*.py)
list(FILTER generator_files EXCLUDE REGEX "_test\\.py$")

execute_process(COMMAND ${Python3_EXECUTABLE} -B ${generator} --schema ${CMAKE_SOURCE_DIR}/schema
                        --list
                OUTPUT_VARIABLE generated_files COMMAND_ERROR_IS_FATAL ANY)
list(TRANSFORM generated_files PREPEND ${generated_directory}/)

# Ninja looks at the outputs again after the command: what did not change is not compiled again.
add_custom_command(OUTPUT ${generated_files}
  COMMAND ${Python3_EXECUTABLE} -B ${generator} --schema ${CMAKE_SOURCE_DIR}/schema
          --output ${generated_directory}
  DEPENDS ${schema_files} ${generator_files}
  COMMENT "Generating the messages" VERBATIM)
add_custom_target(wire_messages DEPENDS ${generated_files})
add_dependencies(generated wire_messages)
target_sources(odradek_wire PRIVATE ${generated_files})
target_include_directories(odradek_wire PUBLIC ${generated_directory})

add_custom_target(protocol_document
  COMMAND ${Python3_EXECUTABLE} -B ${generator} --schema ${CMAKE_SOURCE_DIR}/schema
          --document ${CMAKE_SOURCE_DIR}/docs/protocol.md
  COMMENT "Writing docs/protocol.md" VERBATIM)
add_test(NAME wire_protocol_document
  COMMAND ${Python3_EXECUTABLE} -B ${generator} --schema ${CMAKE_SOURCE_DIR}/schema
          --document ${CMAKE_SOURCE_DIR}/docs/protocol.md --check)
add_test(NAME wire_generator
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tools/generate/generate_test.py)
