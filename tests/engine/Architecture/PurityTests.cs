using System.Reflection;
using System.Xml.Linq;

namespace Bft.Engine.Tests.Architecture;

/// <summary>A protocol is a function of state and input: no clock, randomness, thread, file or socket, by the types it depends on and by the analyzer.</summary>
public class PurityTests
{
    private static readonly string[] ForbiddenSpaces =
    [
        "System.Threading", "System.Net", "System.Diagnostics", "System.Timers", "System.IO", "System.Runtime.InteropServices.Marshalling", "Microsoft",
    ];

    private static readonly string[] ForbiddenTypes =
    [
        "System.DateTime", "System.DateTimeOffset", "System.TimeProvider", "System.Random", "System.Environment", "System.Guid", "System.HashCode", "System.Console", "System.GC", "System.AppDomain",
        "System.Security.Cryptography.RandomNumberGenerator", "System.Collections.Immutable.ImmutableDictionary", "System.Collections.Immutable.ImmutableHashSet", "System.Collections.Concurrent",
    ];

    // An exception that says why, and a compiler's marks, do nothing.
    private static readonly string[] Harmless = ["System.IO.InvalidDataException", "System.Diagnostics.CodeAnalysis", "System.Diagnostics.DebuggerBrowsableAttribute", "System.Diagnostics.DebuggerBrowsableState", "System.Diagnostics.DebuggerDisplayAttribute"];

    public static TheoryData<string> Pure => [.. ProtocolFolders.Spaces, "Bft.Engine.Shared"];

    [Theory]
    [MemberData(nameof(Pure))]
    public void A_protocol_folder_depends_on_nothing_that_is_not_a_function(string space) => Assert.Empty(ArrowTests.Dependencies(space, IsForbidden));

    [Theory]
    [InlineData("System.DateTime", true)]
    [InlineData("System.IO.File", true)]
    [InlineData("System.IO.InvalidDataException", false)]
    [InlineData("System.Threading.Tasks.Task", true)]
    [InlineData("System.Net.Sockets.Socket", true)]
    [InlineData("System.Diagnostics.Stopwatch", true)]
    [InlineData("System.TimeSpan", false)]
    [InlineData("System.Collections.Immutable.ImmutableArray", false)]
    public void The_test_knows_what_it_looks_for(string type, bool forbidden) => Assert.Equal(forbidden, IsForbidden(type));

    // The executor and the edge work on other threads; the loop's inbox is shared with them. In them the test sees what it forbids here.
    [Fact]
    public void The_test_would_see_a_thread_or_a_queue_of_threads() => Assert.NotEmpty(ArrowTests.Dependencies("Bft.Engine", IsForbidden));

    [Fact]
    public void The_banned_symbols_are_wired_into_the_core_s_build()
    {
        XDocument project = RepositoryFiles.Project("engine/core/Bft.Engine.csproj");
        Assert.Contains(project.Descendants("PackageReference"), reference => reference.Attribute("Include")!.Value == "Microsoft.CodeAnalysis.BannedApiAnalyzers");
        Assert.Contains(project.Descendants("AdditionalFiles"), file => file.Attribute("Include")!.Value == "BannedSymbols.txt");
        XDocument everywhere = RepositoryFiles.Project("Directory.Build.props");
        Assert.Equal("true", everywhere.Descendants("TreatWarningsAsErrors").Single().Value);
        Assert.DoesNotContain("RS0030", string.Concat(project.ToString(), everywhere, File.ReadAllText(RepositoryFiles.PathOf(".editorconfig"))), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_banned_symbol_exists_or_the_analyzer_would_pass_over_it_in_silence()
    {
        string[] lines = [.. File.ReadAllLines(RepositoryFiles.PathOf("engine/core/BannedSymbols.txt")).Where(line => line.Length > 0)];
        Assert.True(lines.Length >= 15);
        Assert.All(lines, line => Assert.True(Exists(line.Split(';')[0]), $"{line} names nothing"));
        string[] banned = [.. lines.Select(line => line.Split(';')[0])];
        Assert.Contains("T:System.DateTime", banned);
        Assert.Contains("T:System.Random", banned);
        Assert.Contains("T:System.Threading.Thread", banned);
        Assert.Contains("T:System.IO.File", banned);
        Assert.Contains("T:System.Net.Sockets.Socket", banned);
    }

    // What is banned is banned whole: another overload, or the class next to it, does the same.
    [Theory]
    [InlineData(typeof(Task), nameof(Task.Delay))]
    [InlineData(typeof(Task), nameof(Task.Run))]
    [InlineData(typeof(Thread), nameof(Thread.Sleep))]
    public void Every_overload_of_a_banned_method_is_banned(Type owner, string method)
    {
        string[] banned = [.. File.ReadAllLines(RepositoryFiles.PathOf("engine/core/BannedSymbols.txt")).Select(line => line.Split(';')[0])];
        IEnumerable<string> overloads = owner.GetMember(method, MemberTypes.Method, BindingFlags.Public | BindingFlags.Static).Cast<MethodInfo>().Select(NameOf);
        Assert.Empty(overloads.Except(banned));
    }

    [Theory]
    [InlineData(typeof(ThreadPool))]
    [InlineData(typeof(Timer))]
    [InlineData(typeof(PeriodicTimer))]
    [InlineData(typeof(TimeProvider))]
    [InlineData(typeof(TaskFactory))]
    [InlineData(typeof(Directory))]
    [InlineData(typeof(FileInfo))]
    [InlineData(typeof(RandomAccess))]
    [InlineData(typeof(System.Net.Sockets.TcpClient))]
    [InlineData(typeof(System.Net.Http.HttpClient))]
    public void A_class_that_is_no_function_is_banned(Type type) =>
        Assert.Contains(File.ReadAllLines(RepositoryFiles.PathOf("engine/core/BannedSymbols.txt")), line => line.StartsWith($"T:{type.FullName};", StringComparison.Ordinal));

    private static bool IsForbidden(string type)
    {
        string name = type.Split('`', '<')[0];
        return !Harmless.Any(harmless => ArrowTests.IsIn(name, harmless)) &&
            (ForbiddenSpaces.Any(space => ArrowTests.IsIn(name, space)) || ForbiddenTypes.Any(forbidden => ArrowTests.IsIn(name, forbidden)));
    }

    // T:Type, M:Type.Method(parameters), P:Type.Property.
    private static bool Exists(string symbol)
    {
        string name = symbol[2..];
        if (symbol[0] == 'T')
        {
            return Find(name) is not null;
        }

        string[] parts = name.Split('(');
        int dot = parts[0].LastIndexOf('.');
        Type? owner = Find(parts[0][..dot]);
        string member = parts[0][(dot + 1)..];
        if (symbol[0] == 'P')
        {
            return owner?.GetProperty(member) is not null;
        }

        return owner?.GetMember(member.Split('`')[0], MemberTypes.Method, BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance).Cast<MethodInfo>()
            .Any(method => NameOf(method) == symbol) == true;
    }

    // As documentation comments name it (C# specification, annex D.4.2): M:Type.Method``arity(parameters).
    private static string NameOf(MethodInfo method)
    {
        string parameters = string.Join(',', method.GetParameters().Select(parameter => NameOf(parameter.ParameterType)));
        string arity = method.IsGenericMethod ? $"``{method.GetGenericArguments().Length}" : "";
        return $"M:{method.DeclaringType!.FullName}.{method.Name}{arity}{(parameters.Length > 0 ? $"({parameters})" : "")}";
    }

    private static string NameOf(Type type) =>
        type.IsGenericMethodParameter ? $"``{type.GenericParameterPosition}" :
        type.IsGenericType ? $"{type.GetGenericTypeDefinition().FullName!.Split('`')[0]}{{{string.Join(',', type.GetGenericArguments().Select(NameOf))}}}" :
        type.FullName!;

    private static Type? Find(string name)
    {
        _ = typeof(System.Net.Sockets.Socket).Assembly;
        _ = typeof(System.Net.Http.HttpClient).Assembly;
        _ = typeof(System.Timers.Timer).Assembly;
        _ = typeof(System.Collections.Concurrent.ConcurrentDictionary<,>).Assembly;
        _ = typeof(System.Collections.Immutable.ImmutableHashSet<int>).Assembly;
        _ = typeof(System.Security.Cryptography.RandomNumberGenerator).Assembly;
        return AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetType(name)).FirstOrDefault(type => type is { IsPublic: true });
    }
}
