# SPDX-License-Identifier: Apache-2.0
# What a user runs, laid out as Kafka's own directory: bin/ with the commands under Kafka's names
# (with and without .sh; links to the one binary, which goes by the name it was called with) and
# config/.

set(names_file ${CMAKE_SOURCE_DIR}/cmake/script_names.txt)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${names_file})
file(STRINGS ${names_file} script_names REGEX "^[a-z]")
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
foreach(name IN LISTS script_names)
  foreach(link ${name} ${name}.sh)
    file(CREATE_LINK ../odradek ${CMAKE_BINARY_DIR}/bin/${link} SYMBOLIC)
  endforeach()
endforeach()
configure_file(config/server.properties ${CMAKE_BINARY_DIR}/config/server.properties COPYONLY)

add_custom_target(product)
file(GLOB main CONFIGURE_DEPENDS src/app/main.cc)
if(main)
  add_executable(odradek ${main})
  target_link_libraries(odradek PRIVATE odradek_app)
  add_dependencies(product odradek)
endif()
