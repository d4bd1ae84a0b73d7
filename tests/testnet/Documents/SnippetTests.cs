using System.Reflection;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Bft.Testnet.Tests.Documents;

/// <summary>The programs in the documents compile against what an embedding program sees, and those that need nobody else run.</summary>
public partial class SnippetTests
{
    // What a new console project has without saying so.
    private const string ImplicitUsings =
        "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;";

    [Theory]
    [InlineData("README.md", 0)]
    [InlineData("README.md", 1)]
    [InlineData("docs/embedding.md", 0)]
    public void A_program_in_the_documents_compiles(string document, int number)
    {
        using var image = new MemoryStream();
        Compile(document, number, image);
    }

    [Theory]
    [InlineData("README.md", 0, "committed: True, after")]
    [InlineData("docs/embedding.md", 0, "agreed on 42: True")]
    public void A_program_in_the_documents_does_what_it_says(string document, int number, string says)
    {
        using var image = new MemoryStream();
        Compile(document, number, image);
        var context = new AssemblyLoadContext(document, isCollectible: true);
        image.Position = 0;
        MethodInfo entry = context.LoadFromStream(image).EntryPoint!;
        TextWriter console = Console.Out;
        using var printed = new StringWriter();
        Console.SetOut(printed);
        object? code;
        try
        {
            code = entry.Invoke(null, [Array.Empty<string>()]);
        }
        finally
        {
            Console.SetOut(console);
            context.Unload();
        }

        Assert.Contains(says, printed.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, code ?? 0);
    }

    private static void Compile(string document, int number, Stream image)
    {
        string[] programs = [.. Block().Matches(File.ReadAllText(Path.Combine(Root(), document))).Select(match => match.Groups[1].Value)];
        Assert.True(number < programs.Length, $"{document} has {programs.Length} blocks of C#");
        string[] platform = AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") is string paths ? paths.Split(Path.PathSeparator) : [];
        var compilation = CSharpCompilation.Create(
            $"snippet-{number}",
            [CSharpSyntaxTree.ParseText(ImplicitUsings), CSharpSyntaxTree.ParseText(programs[number])],
            platform.Select(path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        string[] errors = [.. compilation.Emit(image).Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Select(error => error.ToString())];
        Assert.True(errors.Length == 0, $"{document}, block {number}:\n{string.Join('\n', errors)}");
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Bft.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"Bft.sln is in no folder above {AppContext.BaseDirectory}");
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
